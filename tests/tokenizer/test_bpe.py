"""Character BPE: worked by hand, plain equals incremental, both equal to `tokenizers`."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from handtorch import corpora
from handtorch.tokenizer.bpe import bpe_encode, merge_pair, pair_counts, train_bpe
from handtorch.tokenizer.bpe_cost import symbols_visited
from handtorch.tokenizer.bpe_fast import train_bpe_fast
from handtorch.tokenizer.pretokenize import count_words

TOY = {"low": 3, "lower": 2, "newest": 4}
small_words = st.dictionaries(st.text("abc", max_size=12), st.integers(0, 5), max_size=8)


def trained_by_tokenizers(word_counts, num_merges):
    """Hugging Face's trainer on the same words; it stops at a size of vocabulary, not of merges."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    alphabet = set().union(*(word for word, count in word_counts.items() if count))
    trainer = trainers.BpeTrainer(vocab_size=len(alphabet) + num_merges, show_progress=False)
    words = (word for word, count in word_counts.items() for _ in range(count))
    tokenizer.train_from_iterator(words, trainer)
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    return tokenizer, [tuple(merge) for merge in merges]


def test_pairs_overlap_when_counted_but_not_when_merged():
    """aaa holds the pair (a, a) twice, but only one merge fits: aa + a."""
    assert pair_counts({("a", "a", "a"): 2, ("b", "a"): 1}) == {("a", "a"): 4, ("b", "a"): 1}
    assert merge_pair(["a", "a", "a"], ("a", "a")) == ("aa", "a")
    assert merge_pair(["a", "a", "a", "a"], ("a", "a")) == ("aa", "aa")
    assert merge_pair(["a"], ("a", "a")) == ("a",)
    assert merge_pair([], ("a", "a")) == ()


@pytest.mark.parametrize("train", [train_bpe, train_bpe_fast])
def test_toy_corpus_worked_by_hand(train):
    """lower 2 + newest 4 hold w+e: 6. l+o and o+w are in low 3 + lower 2: 5 each.

    After we, low is l o w, lower l o we r, newest n e we s t: l+o has 5, the four pairs of
    newest 4 each. After lo only those four are at 4, and "e" is the smallest start: e+we. Then
    ewe+s, n+ewe and s+t tie at 4, then ewes+t and n+ewes, then n+ewest. Then lo+w with 3,
    and of lo+we and we+r, 2 each, the first.
    """
    merges = [("w", "e"), ("l", "o"), ("e", "we"), ("ewe", "s"), ("ewes", "t"), ("n", "ewest")]
    merges += [("lo", "w"), ("lo", "we"), ("lowe", "r")]
    assert train(TOY, 9) == merges
    assert train(TOY, 3) == merges[:3]
    assert train(TOY, 100) == merges  # nothing left to merge
    assert train(TOY, 0) == []


@pytest.mark.parametrize("train", [train_bpe, train_bpe_fast])
def test_ties_by_ids_worked_by_hand(train):
    """The ids are e l n o r s t w, we, lo, ...: among e+we, n+e, we+s, s+t, all 4, e+we is first.

    Then n+ewe comes before s+t, for n is older than s, and ewe+s after both, for ewe is new.
    """
    merged = [a + b for a, b in train(TOY, 9, ties="ids")]
    assert merged == ["we", "lo", "ewe", "newe", "st", "newest", "low", "wer", "lower"]


@pytest.mark.parametrize("train", [train_bpe, train_bpe_fast])
def test_overlapping_repeats_are_recounted(train):
    """aaaa: (a, a) 3 times; then aa aa; then aaaa."""
    assert train({"aaaa": 1}, 10) == [("a", "a"), ("aa", "aa")]
    assert train({"aaaaa": 1}, 10) == [("a", "a"), ("aa", "a"), ("aa", "aaa")]


@pytest.mark.parametrize("train", [train_bpe, train_bpe_fast])
def test_nothing_to_merge(train):
    assert train({}, 5) == []
    assert train({"a": 9, "": 3, "b": 1}, 5) == []
    assert train({"ab": 0}, 5) == []


@pytest.mark.parametrize("train", [train_bpe, train_bpe_fast])
def test_bad_arguments_are_named(train):
    with pytest.raises(ValueError, match="num_merges is -1"):
        train(TOY, -1)
    with pytest.raises(ValueError, match=r"word_counts\['low'\] is -3"):
        train({"low": -3}, 1)
    with pytest.raises(ValueError, match="ties is 'random'"):
        train(TOY, 1, ties="random")


@settings(deadline=None, max_examples=200)
@given(small_words, st.integers(0, 40), st.sampled_from(["lexicographic", "ids"]))
def test_incremental_training_equals_counting_anew(word_counts, num_merges, ties):
    plain = train_bpe(word_counts, num_merges, ties=ties)
    assert train_bpe_fast(word_counts, num_merges, ties=ties) == plain


def test_incremental_training_equals_counting_anew_on_real_text():
    words = count_words(corpora.docstrings()[::100])
    for ties in ("lexicographic", "ids"):
        assert train_bpe_fast(words, 150, ties=ties) == train_bpe(words, 150, ties=ties)


@settings(deadline=None, max_examples=100)
@given(small_words, st.integers(0, 40))
def test_ties_by_ids_equal_tokenizers(word_counts, num_merges):
    _, merges = trained_by_tokenizers(word_counts, num_merges)
    assert train_bpe_fast(word_counts, num_merges, ties="ids") == merges


@pytest.mark.parametrize("texts", [corpora.docstrings()[::5], corpora.chinese()])
def test_merges_and_segmentation_equal_tokenizers_on_real_text(texts):
    words = count_words(texts)
    tokenizer, merges = trained_by_tokenizers(words, 800)
    assert train_bpe_fast(words, 800, ties="ids") == merges
    for word in list(words)[:1500]:
        assert bpe_encode(word, merges) == tokenizer.encode(word).tokens


@settings(deadline=None, max_examples=200)
@given(small_words, st.text("abcd", max_size=20))
def test_encoding_is_the_replay_of_all_merges_in_order(word_counts, word):
    merges = train_bpe(word_counts, 30)
    replayed = tuple(word)
    for pair in merges:
        replayed = merge_pair(replayed, pair)
    assert bpe_encode(word, merges) == list(replayed)


@settings(deadline=None, max_examples=100)
@given(small_words)
def test_no_token_is_made_twice_and_each_encodes_to_itself(word_counts):
    merges = train_bpe(word_counts, 1000)
    tokens = [a + b for a, b in merges]
    assert len(set(tokens)) == len(tokens)
    assert all(bpe_encode(token, merges) == [token] for token in tokens)


def test_encoding_by_hand():
    merges = [("l", "o"), ("lo", "w"), ("e", "r")]
    assert bpe_encode("lower", merges) == ["low", "er"]
    assert bpe_encode("zlo", merges) == ["z", "lo"]  # z was never seen in training
    assert bpe_encode("l", merges) == ["l"]
    assert bpe_encode("", merges) == []
    assert bpe_encode("abc", []) == ["a", "b", "c"]
    # The earlier merge wins, though the later one stands further left.
    assert bpe_encode("abc", [("b", "c"), ("a", "b")]) == ["a", "bc"]
    assert bpe_encode("aaaaa", [("a", "a"), ("aa", "a")]) == ["aa", "aaa"]


def test_symbols_visited_by_hand():
    """abcd x3, cd x1: 14 symbols in the text, 6 in distinct words; after (a, b), 11 and 5.

    At a and b in abcd the neighbor c is looked at as well; then (c, d) has the neighbor ab in
    one word and none in the other.
    """
    assert symbols_visited({"abcd": 3, "cd": 1}, [("a", "b"), ("c", "d")]) == {
        "all words": 14 + 11,
        "distinct words": 6 + 5,
        "words with pair": 4 + 3 + 2,
        "places": 3 + 3 + 2,
    }


def test_a_closed_alphabet_loses_characters():
    """What `tokenizers` does with them when no unknown token is configured: it drops them."""
    tokenizer, merges = trained_by_tokenizers(TOY, 9)
    assert tokenizer.encode("lazy").tokens == ["l"]
    assert bpe_encode("lazy", merges) == ["l", "a", "z", "y"]
    assert bpe_encode("lowest", merges) == tokenizer.encode("lowest").tokens == ["lo", "we", "st"]
