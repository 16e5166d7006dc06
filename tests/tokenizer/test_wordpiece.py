"""WordPiece against Hugging Face's `tokenizers`, and its merge rules against counting by hand."""

import math
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handtorch import corpora
from handtorch.tokenizer.wordpiece import (
    CONTINUES,
    RULES,
    WordPiece,
    initial_pieces,
    likelihood_gain,
    merge_pair,
    split_text,
    split_word,
    train_wordpiece,
)

tokenizers = pytest.importorskip("tokenizers")

TOY = {"hug": 10, "pug": 5, "pun": 12, "bun": 4, "hugs": 5}
WORDS = Counter(
    word for text in corpora.docstrings()[:600] for word in split_text(text) if "#" not in word
)


def theirs(vocabulary: list[str], max_chars: int = 100) -> "tokenizers.models.WordPiece":
    ids = {piece: i for i, piece in enumerate(vocabulary)}
    return tokenizers.models.WordPiece(ids, unk_token="[UNK]", max_input_chars_per_word=max_chars)


def trained_by_tokenizers(words: dict[str, int], vocab_size: int, special: list[str]) -> list[str]:
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordPiece(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    trainer = tokenizers.trainers.WordPieceTrainer(
        vocab_size=vocab_size, special_tokens=special, show_progress=False
    )
    tokenizer.train_from_iterator((" ".join([w] * c) for w, c in words.items()), trainer)
    vocabulary = tokenizer.get_vocab()
    return sorted(vocabulary, key=vocabulary.__getitem__)


# ---- encoding


def test_a_word_splits_as_in_tokenizers() -> None:
    vocabulary = train_wordpiece(dict(WORDS.most_common(500)), 400)
    model = theirs(vocabulary)
    known = set(vocabulary)
    words = [*WORDS, "naïve", "東京", "🤗", "x" * 99, "x" * 101, "#", "##", "a##b", "e\u0301tude"]
    for word in words:
        assert split_word(word, known) == [t.value for t in model.tokenize(word)], word


@settings(deadline=None, max_examples=200)
@given(
    st.sets(st.text("abé東#", min_size=1, max_size=3)), st.text("abé東#x", min_size=1, max_size=9)
)
def test_any_vocabulary_splits_any_word_as_in_tokenizers(pieces: set[str], word: str) -> None:
    vocabulary = ["[UNK]", *sorted(pieces | {CONTINUES + p for p in pieces} - {"[UNK]"})]
    expected = [t.value for t in theirs(vocabulary, max_chars=7).tokenize(word)]
    assert split_word(word, set(vocabulary), max_chars=7) == expected


def test_greedy_can_fail_where_a_split_exists() -> None:
    """ "abcd" is ab + ##cd, but the longest first piece is abc, and ##d is no piece."""
    assert split_word("abcd", {"ab", "abc", "##cd"}) == ["[UNK]"]
    assert split_word("abcd", {"ab", "##cd"}) == ["ab", "##cd"]


def test_one_bad_character_makes_the_whole_word_unknown() -> None:
    assert split_word("hugs!", {"hug", "##s"}) == ["[UNK]"]


def test_text_is_cut_as_in_tokenizers() -> None:
    cut = tokenizers.pre_tokenizers.BertPreTokenizer()
    for text in [
        *corpora.docstrings()[:300],
        "a$b_c «quoted» — ok… 你好，世界。 tab\tand\u3000space",
    ]:
        assert split_text(text) == [word for word, _ in cut.pre_tokenize_str(text)]


def test_the_class_encodes_and_decodes() -> None:
    tokenizer = WordPiece(["[UNK]", "hug", "##s", "!", "a"])
    assert tokenizer.encode("a hugs! zebra") == [4, 1, 2, 3, 0]
    assert tokenizer.decode([4, 1, 2, 3, 0]) == "a hugs ! [UNK]"
    assert tokenizer.vocab_size == 5
    assert tokenizer.encode("") == []


def test_training_text_is_never_unknown() -> None:
    texts = corpora.docstrings()[:40]
    tokenizer = WordPiece.train(texts, 300)
    assert tokenizer.vocab_size == 300
    assert all(0 not in tokenizer.encode(text) for text in texts)


# ---- training


def test_the_frequency_rule_is_the_trainer_of_tokenizers() -> None:
    """Same pieces in the same order, ties included.

    `tokenizers` numbers the pieces ``##a``, ``##b`` .. in the order in which a hash map yields
    the words, and breaks ties by these numbers, so two of its runs can differ (its issue 1794).
    Declaring our alphabet as special tokens fixes the numbers. What remains is that it also
    keeps the plain form of characters that never start a word.
    """
    words = dict(WORDS.most_common(1000))
    ours = train_wordpiece(words, 600, "frequency")
    alphabet = [p for p in ours if p == "[UNK]" or len(p.removeprefix(CONTINUES)) == 1]
    never_first = {c for word in words for c in word} - set(alphabet)
    reference = trained_by_tokenizers(words, 600 + len(never_first), alphabet)
    assert never_first <= set(reference)
    assert [piece for piece in reference if piece not in never_first] == ours


def test_without_ties_tokenizers_needs_no_help() -> None:
    """The first four merges on TOY have counts 20, 16, 15 and 12, each without a rival."""
    ours = train_wordpiece(TOY, 12, "frequency")
    reference = trained_by_tokenizers(TOY, 12 + 4, ["[UNK]"])  # plain g, n, s and u
    assert set(reference) == set(ours) | {"g", "n", "s", "u"}
    assert ours[-4:] == ["##ug", "##un", "hug", "pun"]


def test_each_rule_by_hand() -> None:
    """Counts: h 15, p 17, b 4, ##u 36, ##g 20, ##n 16, ##s 5; pairs h-u 15, p-u 17, b-u 4,
    u-g 20, u-n 16, g-s 5. Ratio: g-s 5/(20*5) = 1/20, u-g 20/(36*20) = 1/36. Frequency: u-g.
    Gain with f(x) = x log x and N = 113: u-g leaves 16 of ##u and renames all ##g; g-s
    leaves 15 of ##g and renames all ##s."""
    first = {rule: train_wordpiece(TOY, 9, rule)[-1] for rule in RULES}
    assert first == {"ratio": "##gs", "gain": "##ug", "frequency": "##ug"}
    assert RULES["ratio"](5, 20, 5, 113, False) == pytest.approx(1 / 20)

    def f(x: int) -> float:
        return x * math.log(x)

    u_g = f(16) - f(36) - f(93) + f(113)
    g_s = f(15) - f(20) - f(108) + f(113)
    assert (round(u_g, 1), round(g_s, 1)) == (28.0, 9.2)
    assert likelihood_gain(20, 36, 20, 113) == pytest.approx(u_g, abs=1e-9)
    assert likelihood_gain(5, 20, 5, 113) == pytest.approx(g_s, abs=1e-9)


@pytest.mark.parametrize("pair", [("##u", "##g"), ("##g", "##s"), ("h", "##u"), ("##o", "##o")])
def test_the_gain_is_the_likelihood_after_minus_before(pair: tuple[str, str]) -> None:
    counts = TOY | {"hoo": 3, "hooo": 2}
    words = {word: initial_pieces(word) for word in counts}

    def log_likelihood(split: dict[str, list[str]]) -> float:
        c = Counter(piece for word in split for piece in split[word] * counts[word])
        return sum(n * math.log(n / c.total()) for n in c.values())

    pieces = Counter(piece for word in words for piece in words[word] * counts[word])
    merged = {word: merge_pair(split, pair) for word, split in words.items()}
    made = sum(counts[w] * (len(words[w]) - len(merged[w])) for w in words)
    gain = likelihood_gain(
        made, pieces[pair[0]], pieces[pair[1]], pieces.total(), pair[0] == pair[1]
    )
    assert gain == pytest.approx(log_likelihood(merged) - log_likelihood(words))


@pytest.mark.parametrize("rule", RULES)
def test_counts_kept_up_to_date_equal_counts_made_anew(rule: str) -> None:
    counts = {"aaaa": 3, "aaab": 2, "banana": 5, "bandana": 4, "an": 7, "ananas": 2, "b": 1}
    split = {word: initial_pieces(word) for word in counts}
    ours = train_wordpiece(counts, 30, rule)
    ids = {piece: i for i, piece in enumerate(ours)}
    grown = [piece for piece in ours if len(piece.removeprefix(CONTINUES)) == 1 or piece[0] == "["]
    while True:
        pieces = Counter(p for word in split for p in split[word] * counts[word])
        pairs: Counter[tuple[str, str]] = Counter()
        for word, symbols in split.items():
            for pair in pairwise(symbols):
                pairs[pair] += counts[word]
        if not pairs:
            break
        n = pieces.total()
        scores = {
            (a, b): (-RULES[rule](c, pieces[a], pieces[b], n, a == b), ids[a], ids[b])
            for (a, b), c in pairs.items()
        }
        best = min(scores, key=scores.__getitem__)
        grown.append(best[0] + best[1].removeprefix(CONTINUES))
        split = {word: merge_pair(symbols, best) for word, symbols in split.items()}
    assert ours == list(dict.fromkeys(grown))


def test_arguments_are_checked() -> None:
    with pytest.raises(ValueError, match="rule is 'entropy'"):
        train_wordpiece(TOY, 20, "entropy")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="vocab_size is 7; special and alphabet need 8"):
        train_wordpiece(TOY, 7)
    with pytest.raises(ValueError, match="unk is"):
        WordPiece(["a"])
    with pytest.raises(ValueError, match="distinct"):
        WordPiece(["[UNK]", "a", "a"])
