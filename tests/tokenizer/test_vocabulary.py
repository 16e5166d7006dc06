"""Vocabularies by hand, against Hugging Face's `tokenizers`, and by what must never change."""

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from handtorch import corpora
from handtorch.tokenizer.bpe import bpe_encode
from handtorch.tokenizer.byte_bpe import ByteLevelBPE
from handtorch.tokenizer.vocabulary import (
    Vocabulary,
    build_vocabulary,
    count_segmentations,
    extend_bpe,
    extend_embeddings,
    merge_vocabularies,
    pieces_of_new_tokens,
)

ENGLISH = corpora.docstrings()[:300]
CHINESE = corpora.chinese()[:300]


def test_tokens_and_ids_are_inverse() -> None:
    vocabulary = Vocabulary(["<pad>", "a", "b"])
    assert len(vocabulary) == 3
    assert list(vocabulary) == ["<pad>", "a", "b"]
    assert [vocabulary.id_of(token) for token in vocabulary] == [0, 1, 2]
    assert [vocabulary.token_of(i) for i in range(3)] == ["<pad>", "a", "b"]
    assert "a" in vocabulary
    assert "c" not in vocabulary


def test_a_vocabulary_names_what_is_wrong() -> None:
    with pytest.raises(ValueError, match=r"tokens\[2\] is 'a'"):
        Vocabulary(["a", "b", "a"])
    with pytest.raises(ValueError, match=r"tokens\[0\] is ''"):
        Vocabulary([""])
    with pytest.raises(ValueError, match="token is 'z'"):
        Vocabulary(["a"]).id_of("z")
    with pytest.raises(ValueError, match="i is -1"):
        Vocabulary(["a"]).token_of(-1)


def test_build_by_hand() -> None:
    """low x3, lower x2, newest x4, as in the folklore example of the chapter.

    w e occurs 2 + 4 = 6 times and goes first: "we". Left are l o: 5, n e / e we / we s / s t: 4,
    o we: 2, we r: 2, o w: 3. So l o goes second: "lo". With 2 special tokens and the
    characters e l n o r s t w, a size of 12 leaves room for exactly these two.
    """
    texts = ["low low low lower lower", "newest newest newest newest"]
    vocabulary, merges = build_vocabulary(texts, 12, ["<pad>", "<s>"])
    assert list(vocabulary) == ["<pad>", "<s>", *"elnorstw", "we", "lo"]
    assert merges == [("w", "e"), ("l", "o")]


@pytest.mark.parametrize("min_frequency", [1, 2, 3, 7, 20])
def test_the_same_as_hugging_face(min_frequency: int) -> None:
    size, special = 900, ["<pad>", "<unk>"]
    vocabulary, merges = build_vocabulary(ENGLISH[:60], size, special, min_frequency)
    oracle = Tokenizer(models.BPE())
    oracle.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=special, min_frequency=min_frequency, show_progress=False
    )
    oracle.train_from_iterator(ENGLISH[:60], trainer)
    assert {token: vocabulary.id_of(token) for token in vocabulary} == oracle.get_vocab()
    words = " ".join(ENGLISH[:60]).split()[::7]
    for word in words:
        assert bpe_encode(word, merges) == [p for p in oracle.encode(word).tokens if p]


def test_the_minimum_frequency_is_met_exactly() -> None:
    """a b occurs 3 times, c d twice: 3 keeps the first, 4 keeps none, all characters stay."""
    texts = ["ab ab ab cd cd"]
    found = [list(build_vocabulary(texts, 99, (), n)[0]) for n in (2, 3, 4)]
    assert found == [[*"abcd", "ab", "cd"], [*"abcd", "ab"], [*"abcd"]]


@pytest.mark.parametrize("size", [300, 301, 777])
def test_the_size_is_met_exactly(size: int) -> None:
    special = ["<pad>", "<unk>", "<s>"]
    vocabulary, merges = build_vocabulary(ENGLISH, size, special)
    alphabet = set("".join(ENGLISH)) - set(" \n\t")
    assert len(vocabulary) == size == len(special) + len(alphabet) + len(merges)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.text(alphabet="abcde 汉字", max_size=12), max_size=12),
    st.integers(0, 30),
    st.integers(1, 4),
)
def test_size_special_tokens_and_base_symbols(texts: list[str], extra: int, minimum: int) -> None:
    special = ["<pad>", "ab"]
    joined = [text.replace("ab", " ") for text in texts]
    alphabet = {char for text in joined for char in "".join(text.split())}
    size = 2 + len(alphabet) + extra
    vocabulary, merges = build_vocabulary(texts, size, special, minimum)
    tokens = list(vocabulary)
    assert tokens[:2] == special
    assert tokens[2 : 2 + len(alphabet)] == sorted(alphabet)
    assert tokens[2 + len(alphabet) :] == [a + b for a, b in merges]
    assert len(vocabulary) <= size
    if len(vocabulary) < size:  # then no pair that is frequent enough is left
        counts: dict[tuple[str, str], int] = {}
        for word in " ".join(joined).split():
            symbols = bpe_encode(word, merges)
            for pair in pairwise(symbols):
                counts[pair] = counts.get(pair, 0) + 1
        assert max(counts.values(), default=0) < minimum


def test_no_merge_spells_a_special_token() -> None:
    vocabulary, _ = build_vocabulary(["x<s>y <s> <s> <s>x xy xy"], 20, ["<s>"])
    assert list(vocabulary) == ["<s>", "x", "y", "xy"]


def test_build_names_what_is_wrong() -> None:
    with pytest.raises(ValueError, match=r"size is 3; 1 special tokens and 3 characters need"):
        build_vocabulary(["abc"], 3, ["<pad>"])
    with pytest.raises(ValueError, match="min_frequency is 0"):
        build_vocabulary(["abc"], 9, (), 0)
    with pytest.raises(ValueError, match=r"tokens\[1\] is '<s>'"):
        build_vocabulary(["abc"], 9, ["<s>", "<s>"])


def test_merging_vocabularies_keeps_old_ids() -> None:
    merged = merge_vocabularies(Vocabulary(["a", "b"]), ["c", "b", "d", "c"])
    assert list(merged) == ["a", "b", "c", "d"]


@pytest.fixture(scope="module")
def extended() -> tuple[ByteLevelBPE, ByteLevelBPE]:
    old = ByteLevelBPE.train(ENGLISH, 500)
    return old, extend_bpe(old, CHINESE, 800)


def test_extension_appends_and_saves_tokens(extended: tuple[ByteLevelBPE, ByteLevelBPE]) -> None:
    old, new = extended
    assert new.vocab_size == 800
    assert new.vocab[:500] == old.vocab
    assert new.merges[: len(old.merges)] == old.merges
    before, after = ([len(t.encode(s)) for s in CHINESE] for t in extended)
    assert all(b >= a for b, a in zip(before, after))
    assert sum(after) < 0.6 * sum(before)
    assert all(new.decode(new.encode(text)) == text for text in CHINESE + ENGLISH)


def test_extension_of_nothing_is_training(extended: tuple[ByteLevelBPE, ByteLevelBPE]) -> None:
    """Resuming from 256 bytes is training from scratch, and stopping halfway changes nothing."""
    old, _ = extended
    halfway = ByteLevelBPE.train(ENGLISH, 380)
    assert extend_bpe(halfway, ENGLISH, 500).merges == old.merges
    assert extend_bpe(ByteLevelBPE([]), ENGLISH, 500).merges == old.merges


def test_extension_cannot_shrink(extended: tuple[ByteLevelBPE, ByteLevelBPE]) -> None:
    with pytest.raises(ValueError, match="vocab_size is 499; it is 500 already"):
        extend_bpe(extended[0], CHINESE, 499)


def test_pieces_of_a_new_token_spell_it(extended: tuple[ByteLevelBPE, ByteLevelBPE]) -> None:
    old, new = extended
    pieces = pieces_of_new_tokens(new, 500)
    assert [old.decode_bytes(ids) for ids in pieces] == new.vocab[500:]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_new_rows_are_means(dtype: type) -> None:
    """Rows 0 and 2 are (1, 2) and (5, 0): their mean is (3, 1). A repeated piece counts twice."""
    weight = np.array([[1, 2], [3, 4], [5, 0]], dtype)
    extended = extend_embeddings(weight, [[0, 2], [1], [0, 0, 2, 2]])
    assert extended.dtype == dtype
    np.testing.assert_array_equal(extended, [[1, 2], [3, 4], [5, 0], [3, 1], [3, 4], [3, 1]])
    assert weight.shape == (3, 2)


def test_old_logits_do_not_move() -> None:
    """A head extended like the embedding leaves the old logits alone and averages into the new."""
    rng = np.random.default_rng(0)
    head, hidden = rng.normal(size=(7, 5)), rng.normal(size=5)
    logits = extend_embeddings(head, [[1, 3], [0, 2, 6]]) @ hidden
    np.testing.assert_allclose(logits[:7], head @ hidden, rtol=1e-12)
    np.testing.assert_allclose(logits[7:], [logits[[1, 3]].mean(), logits[[0, 2, 6]].mean()])


@pytest.mark.parametrize("pieces", [[], [3], [-1]])
def test_bad_pieces_are_named(pieces: list[int]) -> None:
    with pytest.raises(ValueError, match=r"pieces\[0\] is .*ids from 0 to 2"):
        extend_embeddings(np.zeros((3, 2)), [pieces])


@settings(deadline=None, max_examples=100)
@given(st.text(alphabet="ab", max_size=9), st.sets(st.text(alphabet="ab", min_size=1, max_size=3)))
def test_segmentations_are_counted_as_by_trying_all(text: str, vocabulary: set[str]) -> None:
    found = 0
    for size in range(len(text)):
        for cuts in combinations(range(1, len(text)), size):
            ends = [0, *cuts, len(text)]
            found += all(text[i:j] in vocabulary for i, j in pairwise(ends))
    assert count_segmentations(text, vocabulary) == (found if text else 1)
