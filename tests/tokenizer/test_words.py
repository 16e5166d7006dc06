"""Word, character and backoff tokenizers: against tokenizers' WordLevel model, and by hand."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from handtorch import corpora
from handtorch.tokenizer.words import (
    BackoffTokenizer,
    CharTokenizer,
    WordTokenizer,
    char_ngrams,
    max_match,
    word_vocabulary,
)

TEXTS = corpora.docstrings()[:300]
HELD_OUT = corpora.docstrings()[300:400]


@pytest.mark.parametrize(("max_size", "min_count"), [(500, 1), (100_000, 2), (100_000, 1)])
def test_word_tokenizer_equals_wordlevel_of_tokenizers(max_size: int, min_count: int) -> None:
    theirs = Tokenizer(models.WordLevel(unk_token="<unk>"))
    theirs.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    theirs.train_from_iterator(
        TEXTS,
        trainers.WordLevelTrainer(
            vocab_size=max_size,
            min_frequency=min_count,
            special_tokens=["<unk>"],
            show_progress=False,
        ),
    )
    ours = WordTokenizer.train(TEXTS, max_size, min_count)
    assert dict(zip(ours.vocab, range(ours.vocab_size))) == theirs.get_vocab()
    for text in HELD_OUT:
        assert ours.encode(text) == theirs.encode(text).ids


def test_vocabulary_is_sorted_by_count_then_string_with_the_unknown_word_first() -> None:
    counts = {"b": 2, "a": 2, "c": 3, "d": 1, "<unk>": 9}
    assert word_vocabulary(counts) == ["<unk>", "c", "a", "b", "d"]
    assert word_vocabulary(counts, max_size=3) == ["<unk>", "c", "a"]
    assert word_vocabulary(counts, min_count=2) == ["<unk>", "c", "a", "b"]
    assert word_vocabulary({}) == ["<unk>"]


def test_a_word_off_the_list_is_lost_and_spacing_with_it() -> None:
    tokenizer = WordTokenizer.train(["to be or not to be"])
    ids = tokenizer.encode("to\n  be  happy")
    assert tokenizer.decode(ids) == "to be <unk>"
    assert ids[-1] == tokenizer.unk_id
    assert tokenizer.encode("") == []
    assert tokenizer.decode([]) == ""


def test_the_split_can_be_chosen() -> None:
    tokenizer = WordTokenizer.train(["a-b", "b-c"], split=lambda text: text.split("-"))
    assert tokenizer.vocab == ["<unk>", "b", "a", "c"]
    assert tokenizer.encode("c-b") == [3, 1]


@settings(deadline=None, max_examples=50)
@given(st.text())
def test_characters_come_back_where_all_were_seen(text: str) -> None:
    tokenizer = CharTokenizer.train([text])
    assert tokenizer.decode(tokenizer.encode(text)) == text
    assert len(tokenizer.encode(text)) == len(text)


@settings(deadline=None, max_examples=100)
@given(st.text("ab<BM>E "), st.text("ab<BM>E "))
def test_backoff_gives_back_every_word_spelled_with_seen_characters(a: str, b: str) -> None:
    tokenizer = BackoffTokenizer.train([a, "a b < B M > E"], max_size=3)
    assert tokenizer.decode(tokenizer.encode(b)) == " ".join(b.split())


def test_backoff_spells_only_what_is_off_the_list() -> None:
    tokenizer = BackoffTokenizer.train(["to be to be tub"], max_size=3)
    shown = [tokenizer.vocab[i] for i in tokenizer.encode("be but b toe é")]
    assert shown == ["be", "<B>b", "<M>u", "<E>t", "<B>b", "<B>t", "<M>o", "<E>e", "<unk>"]


def test_ngrams_are_those_of_the_fasttext_paper() -> None:
    """Bojanowski et al. 2017, section 3.2: the 3-grams of "where", with the edge marks."""
    assert char_ngrams("where", 3, 3) == ["<wh", "whe", "her", "ere", "re>"]
    assert len(char_ngrams("where", 3, 6)) == 5 + 4 + 3 + 2
    assert char_ngrams("a", 3, 6) == ["<a>"]


def test_max_match_from_the_two_ends() -> None:
    """From the left 研究生 is longest, then 命 and 起源; from the right 起源, 生命, 研究."""
    words = {"研究", "研究生", "生命", "起源"}
    assert max_match("研究生命起源", words) == ["研究生", "命", "起源"]
    assert max_match("研究生命起源", words, backward=True) == ["研究", "生命", "起源"]
    assert max_match("themen", {"the", "them", "men"}) == ["them", "e", "n"]
    assert max_match("themen", {"the", "them", "men"}, backward=True) == ["the", "men"]
    assert max_match("ab", set()) == ["a", "b"]
    assert max_match("", words) == []


@settings(deadline=None, max_examples=50)
@given(st.text("abc"), st.sets(st.text("abc", min_size=1, max_size=3)), st.booleans())
def test_max_match_loses_nothing(text: str, words: set[str], backward: bool) -> None:
    pieces = max_match(text, words, backward)
    assert "".join(pieces) == text
    assert all(len(piece) == 1 or piece in words for piece in pieces)


def test_bad_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="max_size is 0"):
        word_vocabulary({"a": 1}, max_size=0)
    with pytest.raises(ValueError, match="min_count is 0"):
        word_vocabulary({"a": 1}, min_count=0)
    with pytest.raises(ValueError, match="none of them is '<unk>'"):
        WordTokenizer(["a"])
    with pytest.raises(ValueError, match="'a' twice"):
        WordTokenizer(["<unk>", "a", "a"])
    with pytest.raises(ValueError, match="ids holds -1"):
        WordTokenizer(["<unk>", "a"]).decode([-1])
    with pytest.raises(ValueError, match="ids holds 2"):
        BackoffTokenizer(["<unk>", "a"]).decode([2])
    with pytest.raises(ValueError, match="shortest is 4"):
        char_ngrams("a", 4, 3)
