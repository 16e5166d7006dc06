"""Metrics, worked by hand on small cases, and against what tokenization-scorer publishes."""

import math

import pytest
from tokenizers import Tokenizer, models, trainers

from handtorch.tokenizer import metrics
from handtorch.tokenizer.words import CharTokenizer, WordTokenizer

WORDS = WordTokenizer(["<unk>", "to", "be", "or", "not"])
CHARS = CharTokenizer(["<unk>", *"abcdefghijklmnopqrstuvwxyz "])


class Bytes:
    """One id a byte: no unknown token, and nothing lost."""

    vocab_size = 256

    def encode(self, text: str) -> list[int]:
        return list(text.encode())

    def decode(self, ids: list[int]) -> str:
        return bytes(ids).decode()


class Dropping(Bytes):
    """Throws away what is not ASCII and does not say so."""

    def encode(self, text: str) -> list[int]:
        return [byte for byte in super().encode(text) if byte < 128]


def test_words_are_runs_of_non_space_and_single_chinese_characters() -> None:
    assert metrics.split_words("use BPE, 分词 don't\n re-do") == [
        "use", "BPE,", "分", "词", "don't", "re-do",
    ]  # fmt: skip
    assert metrics.split_words("用GPT分词。") == ["用", "GPT", "分", "词", "。"]
    assert metrics.split_words(" \n") == []


def test_bytes_per_token_counts_utf8() -> None:
    """ "分词 a" is 3 + 3 + 1 + 1 = 8 bytes, 4 characters, 2 words."""
    assert metrics.bytes_per_token(Bytes(), ["分词 a"]) == 1
    assert metrics.bytes_per_token(CHARS, ["分词 a"]) == 2
    assert metrics.bytes_per_token(WORDS, ["分词 a"]) == 4
    assert metrics.bytes_per_token(WORDS, ["分词", "a"]) == 3.5


def test_fertility_counts_the_tokens_of_the_spaces() -> None:
    assert metrics.tokens_per_word(WORDS, ["to be", "or  not"]) == 1
    assert metrics.tokens_per_word(CHARS, ["to be", "or  not"]) == (5 + 7) / 4
    assert metrics.fertility is metrics.tokens_per_word


def test_continued_words_may_have_the_space_inside_or_outside() -> None:
    class SpaceInside(WordTokenizer):
        def encode(self, text: str) -> list[int]:
            return [1] if text == " a" else [0] * len(text)

    assert metrics.continued_word_rate(CHARS, ["a bc d efg"]) == 0.5
    assert metrics.continued_word_rate(WORDS, ["a bc d efg"]) == 0
    assert metrics.continued_word_rate(SpaceInside(["<unk>", "a"]), ["a bc a"]) == pytest.approx(
        1 / 3
    )


def test_unknown_rates_by_token_and_by_word() -> None:
    text = ["to be héros"]  # one word of three unknown, one character of eleven
    assert metrics.unknown_rate(WORDS, text) == pytest.approx(1 / 3)
    assert metrics.unknown_rate(CHARS, text) == pytest.approx(1 / 11)
    assert metrics.unknown_word_rate(WORDS, text) == pytest.approx(1 / 3)
    assert metrics.unknown_word_rate(CHARS, text) == pytest.approx(1 / 3)


def test_without_an_unknown_token_the_rate_is_zero_even_if_text_is_lost() -> None:
    assert metrics.unknown_rate(Bytes(), ["héros"]) == 0
    assert metrics.unknown_rate(Dropping(), ["héros"]) == 0
    assert metrics.unknown_word_rate(Dropping(), ["héros"]) == 0
    assert metrics.round_trip_rate(Bytes(), ["héros", "a"]) == 1
    assert metrics.round_trip_rate(Dropping(), ["héros", "a"]) == 0.5
    assert metrics.unknown_rate(Bytes(), ["aab"], unk_id=ord("a")) == pytest.approx(2 / 3)


def test_vocabulary_use() -> None:
    assert metrics.vocabulary_use(WORDS, ["to be to be"]) == 2 / 5
    assert metrics.vocabulary_use(Bytes(), ["aab"]) == 2 / 256


@pytest.mark.parametrize(
    ("text", "published"),
    [
        ("pick @@ed pick @@l @@ed pick @@les", 0.8265064834225245),
        ("pick @@e @@d pick @@l @@e @@d pick @@l @@e @@s", 0.9204840242168808),
    ],
)
def test_renyi_efficiency_is_that_of_tokenization_scorer(text: str, published: float) -> None:
    """The values of the tests of github.com/zouharvi/tokenization-scorer, the paper's own code.

    It takes for V the tokens that occur; here these are the whole vocabulary but for <unk>.
    """
    tokenizer = WordTokenizer.train([text])
    v = tokenizer.vocab_size
    ours = metrics.renyi_efficiency(tokenizer, [text]) * math.log(v) / math.log(v - 1)
    assert ours == pytest.approx(published, abs=1e-12)


def test_renyi_efficiency_of_order_one_is_shannons_and_the_limit() -> None:
    """p = 1/3, 1/3, 1/6, 1/6: H = 2/3 log 3 + 1/3 log 6 = log 3 + 1/3 log 2, and V = 5."""
    text = ["to be or not to be"]
    shannon = (math.log(3) + math.log(2) / 3) / math.log(5)
    assert metrics.renyi_efficiency(WORDS, text, alpha=1) == pytest.approx(shannon)
    near = metrics.renyi_efficiency(WORDS, text, alpha=1 + 1e-6)
    assert near == pytest.approx(shannon, abs=1e-5)


def test_renyi_efficiency_is_one_for_even_use_and_falls_with_dead_entries() -> None:
    even = CharTokenizer(["<unk>", "a", "b", "c"])
    assert metrics.renyi_efficiency(even, ["abc?"]) == pytest.approx(1)
    dead = CharTokenizer(["<unk>", *"abcdefghijklmno"])
    assert metrics.renyi_efficiency(dead, ["abc?"]) == pytest.approx(math.log(4) / math.log(16))


def test_premium_is_the_ratio_of_tokens() -> None:
    assert metrics.premium(Bytes(), ["词元"], ["token"]) == 6 / 5
    assert metrics.premium(Bytes(), ["ab", "a"], ["ab", "a"]) == 1
    with pytest.raises(ValueError, match="texts has 1 entries and reference 2"):
        metrics.premium(Bytes(), ["a"], ["a", "b"])


ALL = [
    metrics.bytes_per_token,
    metrics.tokens_per_word,
    metrics.continued_word_rate,
    metrics.unknown_rate,
    metrics.unknown_word_rate,
    metrics.round_trip_rate,
    metrics.vocabulary_use,
    metrics.renyi_efficiency,
]


@pytest.mark.parametrize("metric", ALL)
def test_one_string_and_nothing_to_measure_are_refused(metric) -> None:
    with pytest.raises(ValueError, match="texts is one string, 'to be'"):
        metric(WORDS, "to be")
    with pytest.raises(ValueError, match="texts is empty"):
        metric(WORDS, [])
    if metric is not metrics.round_trip_rate:
        with pytest.raises(ValueError, match="at least one to measure"):
            metric(WORDS, ["", " "])


@pytest.mark.parametrize("metric", ALL)
def test_an_iterator_serves_as_well_as_a_list(metric) -> None:
    texts = ["to be", "or not", "to bee"]
    assert metric(WORDS, iter(texts)) == metric(WORDS, texts)


def test_bad_order_of_entropy_is_named() -> None:
    for alpha in (0, -1, math.inf, math.nan):
        with pytest.raises(ValueError, match="alpha is"):
            metrics.renyi_efficiency(WORDS, ["to"], alpha=alpha)
    with pytest.raises(ValueError, match="vocab_size is 1"):
        metrics.renyi_efficiency(WordTokenizer(["<unk>"]), ["to"])


def test_round_trip_finds_what_the_bpe_of_tokenizers_drops() -> None:
    """Without an unk_token that model leaves characters outside its alphabet out of the ids."""
    bpe = Tokenizer(models.BPE())
    bpe.train_from_iterator(["low low lower"], trainers.BpeTrainer(show_progress=False))

    class Theirs:
        vocab_size = bpe.get_vocab_size()

        def encode(self, text: str) -> list[int]:
            return bpe.encode(text).ids

        def decode(self, ids: list[int]) -> str:
            return "".join(bpe.id_to_token(i) for i in ids)

    texts = ["low lower", "low löwer"]
    assert metrics.unknown_rate(Theirs(), texts) == 0
    assert metrics.round_trip_rate(Theirs(), texts) == 0.5
