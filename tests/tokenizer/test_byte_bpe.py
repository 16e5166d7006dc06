"""Byte-level BPE: lossless for every string, and equal to `tokenizers` and `tiktoken`."""

import json
import pickle

import pytest
import tiktoken
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from handtorch import corpora
from handtorch.tokenizer.bpe_apply import apply_merges_by_heap, apply_merges_by_search
from handtorch.tokenizer.byte_bpe import GPT2_BYTE_ORDER, ByteLevelBPE, bytes_to_unicode
from handtorch.tokenizer.pretokenize import GPT2_PATTERN_SOURCE

TEXTS = [*corpora.docstrings()[::8], *corpora.chinese(), *corpora.functions()[::20]]
SIZE = 2000
any_text = st.text(st.characters(), max_size=60)  # lone surrogates and NUL included
# Text of which the merges are not ignorant: docstrings cut anywhere, mixed with any character.
likely_text = st.lists(
    st.one_of(st.sampled_from(TEXTS).map(lambda text: text[:40]), st.text(max_size=8)), max_size=4
).map("".join)


@pytest.fixture(scope="module")
def tokenizer():
    return ByteLevelBPE.train(TEXTS, SIZE, GPT2_BYTE_ORDER)


@pytest.fixture(scope="module")
def from_tokenizers():
    oracle = Tokenizer(models.BPE())
    oracle.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    oracle.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=SIZE, initial_alphabet=alphabet, show_progress=False)
    oracle.train_from_iterator(TEXTS, trainer)
    return oracle


@pytest.fixture(scope="module")
def from_tiktoken(tokenizer):
    ranks = {token: i for i, token in enumerate(tokenizer.vocab)}
    return tiktoken.Encoding(
        "own", pat_str=GPT2_PATTERN_SOURCE, mergeable_ranks=ranks, special_tokens={}
    )


def shown(token: bytes) -> str:
    characters = bytes_to_unicode()
    return "".join(characters[byte] for byte in token)


def test_the_byte_map_is_reversible_and_that_of_tokenizers():
    characters = bytes_to_unicode()
    assert sorted(characters) == list(range(256))
    assert set(characters.values()) == set(pre_tokenizers.ByteLevel.alphabet())
    assert (characters[0x20], characters[0x0A], characters[0x21]) == ("Ġ", "Ċ", "!")
    word = pre_tokenizers.ByteLevel(add_prefix_space=False).pre_tokenize_str(" 中\n")[0][0]
    assert word == shown(" 中".encode())


def test_training_learns_the_merges_and_ids_of_tokenizers(tokenizer, from_tokenizers):
    merges = json.loads(from_tokenizers.to_str())["model"]["merges"]
    assert [[shown(a), shown(b)] for a, b in tokenizer.merges] == merges
    ids = {shown(token): i for i, token in enumerate(tokenizer.vocab)}
    assert ids == from_tokenizers.get_vocab()
    assert tokenizer.vocab_size == SIZE


@settings(deadline=None, max_examples=300)
@given(likely_text)
def test_ids_equal_those_of_tokenizers_and_tiktoken(
    tokenizer, from_tokenizers, from_tiktoken, text
):
    ids = tokenizer.encode(text)
    assert ids == from_tokenizers.encode(text).ids
    assert ids == from_tiktoken.encode_ordinary(text)


def test_ids_equal_those_of_tiktoken_on_real_text(tokenizer, from_tiktoken):
    for text in [*corpora.docstrings()[1::20], *corpora.functions()[1::10], *corpora.chinese()]:
        assert tokenizer.encode(text) == from_tiktoken.encode_ordinary(text)


def test_a_long_piece_takes_the_heap_and_gives_the_same_ids(tokenizer, from_tiktoken):
    for text in ("a" * 3001, "ab" * 1000, " " * 777, "中文" * 400):
        assert tokenizer.encode(text) == from_tiktoken.encode_ordinary(text)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.integers(0, 3), max_size=40), st.data())
def test_search_and_heap_merge_alike(ids, data):
    merged = {}
    for new in range(4, data.draw(st.integers(4, 10))):
        merged.setdefault(
            data.draw(st.tuples(st.integers(0, new - 1), st.integers(0, new - 1))), new
        )
    before = list(ids)
    assert apply_merges_by_heap(ids, merged) == apply_merges_by_search(ids, merged)
    assert ids == before


@settings(deadline=None, max_examples=400)
@given(any_text)
def test_every_string_survives_the_round_trip(tokenizer, text):
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert tokenizer.decode_bytes(ids) == text.encode("utf-8", "surrogatepass")
    assert all(0 <= i < tokenizer.vocab_size for i in ids)


@pytest.mark.parametrize(
    "text", ["", "\x00", "\ud800", "\udfff\ud83d\ude00", "😀", "a\ud83dé", "\U0010ffff", "\r\n \t"]
)
def test_strings_that_break_other_tokenizers(tokenizer, text):
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_half_a_surrogate_pair_is_beyond_the_libraries(from_tokenizers, from_tiktoken):
    with pytest.raises(TypeError):
        from_tokenizers.encode("a\ud800")
    assert from_tiktoken.decode(from_tiktoken.encode_ordinary("a\ud800")) == "a\ufffd"


@settings(deadline=None, max_examples=200)
@given(st.lists(st.integers(0, SIZE - 1), max_size=20))
def test_any_ids_decode(tokenizer, ids):
    text = tokenizer.decode(ids)
    data = b"".join(tokenizer.vocab[i] for i in ids)
    assert tokenizer.decode_bytes(ids) == data
    if not any("\ud800" <= character <= "\udfff" for character in text):
        assert text == data.decode("utf-8", "replace")


def test_a_truncated_character_becomes_the_replacement_character(tokenizer, from_tiktoken):
    ids = tokenizer.encode("naïve 😀")
    assert tokenizer.decode_bytes(ids[:-1]) == "naïve 😀".encode()[:-1]
    assert tokenizer.decode(ids[:-1]) == "naïve \ufffd" == from_tiktoken.decode(ids[:-1])
    assert tokenizer.decode(ids[-1:]) == "\ufffd"
    half = tokenizer.encode("\ud83d")
    assert tokenizer.decode([*half, *ids[-1:], *half]) == "\ud83d\ufffd\ud83d"


def test_a_vocabulary_worked_by_hand():
    """ab stands 3 times, with a space before it twice: (a, b) first, then (space, ab)."""
    tokenizer = ByteLevelBPE.train(["ab ab ab"], 258)
    assert tokenizer.merges == [(b"a", b"b"), (b" ", b"ab")]
    assert tokenizer.vocab == [bytes([i]) for i in range(256)] + [b"ab", b" ab"]
    assert tokenizer.encode("ab abc") == [256, 257, 99]


def test_training_stops_at_the_size_asked_for_or_when_nothing_is_left():
    assert ByteLevelBPE.train(["ab ab"], 256).merges == []
    assert ByteLevelBPE.train(["ab"], 1000).vocab_size == 257
    assert ByteLevelBPE.train([], 300).vocab_size == 256


def test_training_takes_a_generator_and_a_list_alike(tokenizer):
    again = ByteLevelBPE.train((text for text in TEXTS), SIZE, GPT2_BYTE_ORDER)
    assert again.merges == tokenizer.merges


def test_each_token_encodes_to_itself(tokenizer):
    for i, token in enumerate(tokenizer.vocab):
        assert apply_merges_by_search(
            [tokenizer.vocab.index(bytes([byte])) for byte in token], tokenizer._merged
        ) == [i]


def test_a_full_cache_changes_nothing(tokenizer):
    small = ByteLevelBPE(tokenizer.merges, GPT2_BYTE_ORDER)
    small._cache.limit = 3
    assert small.encode(TEXTS[0]) == tokenizer.encode(TEXTS[0])
    assert len(small._cache) <= 3


def test_it_travels_to_another_process_without_its_cache(tokenizer):
    tokenizer.encode(TEXTS[0])
    copy = pickle.loads(pickle.dumps(tokenizer))
    assert copy.vocab == tokenizer.vocab
    assert copy.merges == tokenizer.merges
    assert not copy._cache
    assert copy.encode(TEXTS[0]) == tokenizer.encode(TEXTS[0])


def test_bad_arguments_are_named(tokenizer):
    with pytest.raises(ValueError, match="vocab_size is 255"):
        ByteLevelBPE.train(["a"], 255)
    with pytest.raises(ValueError, match="texts is the string 'abc'"):
        ByteLevelBPE.train("abc", 300)
    with pytest.raises(ValueError, match="byte_order is"):
        ByteLevelBPE([], byte_order=range(1, 257))
    with pytest.raises(ValueError, match=r"merges\[0\] is"):
        ByteLevelBPE([(b"ab", b"c")])
    with pytest.raises(ValueError, match="is a token already"):
        ByteLevelBPE([(b"a", b"b"), (b"ab", b"c"), (b"b", b"c"), (b"a", b"bc")])
    for bad in (SIZE, -1):
        with pytest.raises(ValueError, match=f"ids holds {bad}"):
            tokenizer.decode([0, bad])
