"""Unigram against `sentencepiece`, `tokenizers` and the enumeration of all segmentations."""

import io
import math
import random
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handtorch import corpora
from handtorch.tokenizer.raw_text import escape, split_words, unescape
from handtorch.tokenizer.unigram import Unigram, UnigramLM, byte_piece
from handtorch.tokenizer.unigram_training import (
    digamma,
    em_step,
    expected_counts,
    prune,
    seed_scores,
    train_unigram,
)

spm = pytest.importorskip("sentencepiece")
tokenizers = pytest.importorskip("tokenizers")

SCORES = {"a": -2.0, "b": -3.0, "ab": -4.0, "ba": -4.5, "aba": -5.5, "c": -6.0, "bc": -7.5}


def lines_of(texts: list[str]) -> list[str]:
    lines = (line.strip() for text in texts for line in text.splitlines())
    return [line for line in lines if line]


SMALL = lines_of(corpora.docstrings()[:60])


def train_reference(lines: list[str], vocab_size: int, **options: object) -> "spm.Processor":
    model = io.BytesIO()
    settings = {
        "model_type": "unigram",
        "normalization_rule_name": "identity",
        "remove_extra_whitespaces": False,
        "character_coverage": 1.0,
        "split_by_unicode_script": False,
        "split_by_number": False,
        "num_threads": 1,
        "bos_id": -1,
        "eos_id": -1,
        "minloglevel": 2,
    } | options
    spm.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_writer=model, vocab_size=vocab_size, **settings
    )
    return spm.SentencePieceProcessor(model_proto=model.getvalue())


def pieces_of(reference: "spm.Processor") -> list[tuple[str, float]]:
    ids = range(reference.get_piece_size())
    return [(reference.id_to_piece(i), reference.get_score(i)) for i in ids]


@pytest.fixture(scope="module")
def reference() -> "spm.Processor":
    return train_reference(SMALL, 400)


@pytest.fixture(scope="module")
def ours(reference: "spm.Processor") -> Unigram:
    return Unigram(pieces_of(reference))


def segmentations(text: str) -> Iterator[list[str]]:
    """All 2**(n - 1) ways to cut a text."""
    if not text:
        yield []
    for end in range(1, len(text) + 1):
        for rest in segmentations(text[end:]):
            yield [text[:end], *rest]


def enumerate_scores(text: str, scores: dict[str, float]) -> dict[tuple[str, ...], float]:
    model = UnigramLM(scores)
    found = {}
    for cut in segmentations(text):
        if all(piece in scores or len(piece) == 1 for piece in cut):
            found[tuple(cut)] = sum(scores.get(piece, model.unknown_score) for piece in cut)
    return found


# ---- segmentation


def test_ids_equal_sentencepiece(reference: "spm.Processor", ours: Unigram) -> None:
    unseen = lines_of(corpora.docstrings()[60:160])
    texts = [*SMALL, *unseen, "", "  two  spaces ", "naïve 東京 🤗🤗 ok", "#日本#"]
    for text in texts:
        assert ours.encode(text) == reference.encode(text), text


def test_ids_equal_tokenizers(ours: Unigram) -> None:
    model = tokenizers.models.Unigram(ours.pieces, 0, False)
    for text in [*SMALL, *lines_of(corpora.docstrings()[60:160]), "naïve 東京 🤗🤗 ok"]:
        assert ours.encode(text) == [t.id for t in model.tokenize(escape(text))], text


def test_the_n_best_equal_sentencepiece(reference: "spm.Processor", ours: Unigram) -> None:
    """The same scores; of ways whose scores agree to four digits, float32 picks any."""
    for text in ["hello world", "tokenizer", "abc", "return the value of x"]:
        theirs = reference.nbest_encode_as_pieces(text, 8)
        mine = ours.model.nbest(escape(text), 8)
        scores = [sum(ours.model.scores[piece] for piece in way) for way in theirs]
        assert [score for _, score in mine] == pytest.approx(scores, abs=1e-3)
        for (cut, _), way, score in zip(mine, theirs, scores):
            assert cut == way or sum(abs(score - other) < 1e-4 for other in scores) > 1
        assert mine[0] == ours.model.viterbi(escape(text))


@settings(deadline=None, max_examples=100)
@given(st.text("abcx", max_size=7))
def test_one_sweep_equals_the_enumeration(text: str) -> None:
    model, ways = UnigramLM(SCORES), enumerate_scores(text, SCORES)
    total = math.log(math.fsum(map(math.exp, ways.values())))
    assert model.log_likelihood(text) == pytest.approx(total)
    best = max(ways.values())
    cut, score = model.viterbi(text)
    assert score == pytest.approx(best)
    assert ways[tuple(cut)] == pytest.approx(best)
    ranked = sorted(ways.values(), reverse=True)[:5]
    assert [s for _, s in model.nbest(text, 5)] == pytest.approx(ranked)
    assert len({tuple(c) for c, _ in model.nbest(text, 5)}) == len(ranked)
    counts: Counter[str] = Counter()
    for way, s in ways.items():
        for piece in way:
            counts[piece] += math.exp(s - total)  # type: ignore[assignment]
    assert model.expected_counts(text) == pytest.approx(dict(counts))


def test_a_run_of_unknown_characters_is_one_unknown() -> None:
    tokenizer = Unigram([("<unk>", 0.0), ("\u2581", -1.0), ("a", -1.0)])
    assert tokenizer.encode("a東京a") == [1, 2, 0, 2]
    assert tokenizer.decode([1, 2, 0, 2]) == "a<unk>a"


def test_ties_go_to_the_longer_last_piece_as_in_sentencepiece() -> None:
    assert UnigramLM({"a": -1.0, "b": -1.0, "ab": -2.0}).viterbi("ab")[0] == ["ab"]


# ---- sampling


def distribution(text: str, scores: dict[str, float], alpha: float) -> dict[tuple[str, ...], float]:
    ways = enumerate_scores(text, scores)
    weights = {cut: math.exp(alpha * score) for cut, score in ways.items()}
    return {cut: w / sum(weights.values()) for cut, w in weights.items()}


def chi_squared(drawn: Counter[tuple[str, ...]], law: dict[tuple[str, ...], float]) -> float:
    """Standardized by its mean df and deviation sqrt(2 df); above 4 is a wrong law.

    Ways that are expected fewer than five times share one class.
    """
    n = drawn.total()
    assert drawn.keys() <= law.keys()
    common = [cut for cut, p in law.items() if p * n >= 5]
    cells = [(drawn[cut], law[cut] * n) for cut in common]
    cells.append((n - sum(o for o, _ in cells), n - sum(e for _, e in cells)))
    cells = [(o, e) for o, e in cells if e > 1]
    df = len(cells) - 1
    return (sum((o - e) ** 2 / e for o, e in cells) - df) / math.sqrt(2 * df)


@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0, 2.0])
def test_samples_follow_the_law(alpha: float) -> None:
    generator, model = random.Random(0), UnigramLM(SCORES)
    drawn = Counter(tuple(model.sample("ababcba", generator, alpha)) for _ in range(4000))
    assert chi_squared(drawn, distribution("ababcba", SCORES, alpha)) < 4


def test_sentencepiece_samples_from_the_same_law(reference: "spm.Processor", ours: Unigram) -> None:
    spm.set_random_generator_seed(0)
    law = distribution(escape("untrained"), ours.model.scores, 0.4)
    drawn = Counter(
        tuple(reference.sample_encode_as_pieces("untrained", -1, 0.4)) for _ in range(4000)
    )
    assert chi_squared(drawn, law) < 4
    generator, text = random.Random(0), escape("untrained")
    mine = Counter(tuple(ours.model.sample(text, generator, 0.4)) for _ in range(4000))
    assert chi_squared(mine, law) < 4


def test_tokenizers_samples_from_the_same_law_at_alpha_one(ours: Unigram) -> None:
    """Only there: its forward sweep multiplies what it has summed so far by alpha again at each
    step, so that at alpha = 0.4 version 0.23.3 draws from another law (statistic above 1000)."""
    model = tokenizers.models.Unigram(ours.pieces, 0, False)
    model.alpha = 1.0
    text = escape("untrained")
    drawn = Counter(tuple(t.value for t in model.tokenize(text)) for _ in range(4000))
    # Its generator takes no seed: 6 standard deviations fail by chance about never.
    assert chi_squared(drawn, distribution(text, ours.model.scores, 1.0)) < 6


def test_the_generator_alone_decides(ours: Unigram) -> None:
    first, second = (
        [ours.sample_encode("hello", random.Random(s)) for s in range(9)] for _ in "ab"
    )
    assert first == second
    assert len({tuple(ids) for ids in first}) > 1


# ---- training


def test_training_equals_sentencepiece() -> None:
    """The same pieces, and scores within float32 rounding; as of sentencepiece 0.2.3."""
    for lines, size in [(SMALL, 400), (SMALL, 300), (corpora.chinese()[:60], 600)]:
        theirs = dict(pieces_of(train_reference(lines, size)))
        mine = dict(train_unigram(lines, size).pieces)
        assert mine.keys() == theirs.keys()
        assert mine == pytest.approx(theirs, abs=3e-4)


def test_a_larger_training_differs_from_sentencepiece_only_where_scores_tie() -> None:
    """float32 sums decide which of many pieces with an expected count of 3 survive."""
    lines = lines_of(corpora.docstrings()[:200])
    theirs = dict(pieces_of(train_reference(lines, 600)))
    mine = dict(train_unigram(lines, 600).pieces)
    assert sorted(mine.values()) == pytest.approx(sorted(theirs.values()), abs=1e-4)
    differing = mine.keys() ^ theirs.keys()
    assert len({round((mine | theirs)[piece], 3) for piece in differing}) <= 1
    assert len(differing) < 0.05 * 1200


def test_expected_counts_of_a_corpus_by_hand() -> None:
    """ "ab" twice: P(ab) = 0.1 as one piece, 0.4 * 0.5 = 0.2 as two; so 1/3 and 2/3."""
    scores = {"a": math.log(0.4), "b": math.log(0.5), "ab": math.log(0.1)}
    counts = expected_counts(scores, {"ab": 2})
    assert counts == pytest.approx({"a": 4 / 3, "b": 4 / 3, "ab": 2 / 3})


def test_the_m_step_is_digamma_and_drops_what_is_rare() -> None:
    scores = {"a": math.log(0.4), "b": math.log(0.5), "ab": math.log(0.1)}
    stepped = em_step(scores, {"ab": 2})
    assert stepped == pytest.approx(
        {"a": digamma(4 / 3) - digamma(10 / 3), "b": digamma(4 / 3) - digamma(10 / 3)}
        | {"ab": digamma(2 / 3) - digamma(10 / 3)}
    )
    assert set(em_step(scores, {"ab": 1})) == {"a", "b"}  # "ab" has 1/3 < 0.5


def test_plain_em_never_lowers_the_likelihood() -> None:
    scores, words = seed_scores([escape(line) for line in SMALL[:30]]), Counter[str]()
    for line in SMALL[:30]:
        words.update(split_words(escape(line)))
    before = -math.inf
    for _ in range(6):
        now = sum(n * UnigramLM(scores).log_likelihood(word) for word, n in words.items())
        assert now >= before - 1e-9
        counts = expected_counts(scores, words)
        total = math.log(math.fsum(counts.values()))
        scores = {v: math.log(c) - total for v, c in counts.items() if c > 1e-200}
        before = now


def test_digamma() -> None:
    """psi(1) = -gamma, psi(1/2) = -gamma - 2 log 2, psi(x + 1) = psi(x) + 1/x."""
    gamma = 0.57721566490153286
    assert digamma(1.0) == pytest.approx(-gamma, abs=1e-10)
    assert digamma(0.5) == pytest.approx(-gamma - 2 * math.log(2), abs=1e-10)
    for x in (0.5, 1.7, 5.99, 6.0, 80.5, 1e6):
        assert digamma(x + 1) == pytest.approx(digamma(x) + 1 / x, abs=1e-10)


def test_pruning_keeps_used_characters_and_the_most_useful_pieces() -> None:
    scores = {"a": -2.0, "b": -2.0, "ab": -2.5, "aa": -3.9, "bbb": -9.0}
    words = {"ab": 50, "aa": 3, "bbb": 1, "a": 5}
    assert prune(scores, words, 3) == {"a": -2.0, "b": -2.0, "ab": -2.5}  # bbb: cheaper as b b b
    assert prune(scores, words, 4) == {"a": -2.0, "b": -2.0, "ab": -2.5, "aa": -3.9}


# ---- lossless where claimed


@pytest.fixture(scope="module")
def with_bytes() -> Unigram:
    return train_unigram(SMALL, 600, byte_fallback=True)


@settings(deadline=None, max_examples=200)
@given(st.text().filter(lambda text: "\u2581" not in text))
def test_byte_fallback_is_lossless(with_bytes: Unigram, text: str) -> None:
    assert with_bytes.decode(with_bytes.encode(text)) == text


def test_without_it_only_the_alphabet_is(ours: Unigram) -> None:
    assert all(ours.decode(ours.encode(line)) == line for line in SMALL)
    assert ours.decode(ours.encode("東京")) == "<unk>"


def test_the_block_itself_comes_back_as_a_space(with_bytes: Unigram) -> None:
    assert with_bytes.decode(with_bytes.encode("a\u2581b")) == "a b"
    other = train_reference(SMALL, 600, byte_fallback=True)
    assert other.decode(other.encode("a\u2581b")) == "a b"


def test_byte_fallback_equals_sentencepiece() -> None:
    reference = train_reference(SMALL, 600, byte_fallback=True)
    ours = Unigram(pieces_of(reference), byte_fallback=True)
    for text in ["naïve 東京 🤗", "<0x41> is text", *SMALL]:
        assert ours.encode(text) == reference.encode(text)
        assert ours.decode(ours.encode(text)) == reference.decode(reference.encode(text)) == text


def test_escaping_equals_sentencepiece(reference: "spm.Processor") -> None:
    for text in ["a", "a b", " a", "a  b ", "", " "]:
        assert "".join(reference.encode_as_pieces(text)) == escape(text)
        assert unescape(escape(text)) == text
        assert "".join(split_words(escape(text))) == escape(text)


def test_arguments_are_checked() -> None:
    with pytest.raises(ValueError, match="n is 0"):
        UnigramLM(SCORES).nbest("a", 0)
    with pytest.raises(ValueError, match="finite"):
        UnigramLM({"a": -math.inf})
    with pytest.raises(ValueError, match="pieces"):
        UnigramLM({})
    with pytest.raises(ValueError, match="distinct"):
        Unigram([("<unk>", 0.0), ("a", -1.0), ("a", -2.0)])
    with pytest.raises(ValueError, match="unk_id is 2"):
        Unigram([("<unk>", 0.0), ("a", -1.0)], unk_id=2)
    with pytest.raises(ValueError, match=byte_piece(0)):
        Unigram([("<unk>", 0.0), ("a", -1.0)], byte_fallback=True)
    with pytest.raises(ValueError, match="vocab_size is 5"):
        train_unigram(SMALL, 5)
    with pytest.raises(ValueError, match="shrink is 1"):
        train_unigram(SMALL, 400, shrink=1)
