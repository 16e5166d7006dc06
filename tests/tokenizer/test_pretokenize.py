"""Pre-tokenization cuts where GPT-2 cuts: checked against `tokenizers` and the `regex` module."""

import random
import sys
import unicodedata

import pytest
import regex  # comes with tiktoken
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import pre_tokenizers

from handtorch import corpora
from handtorch.tokenizer.pretokenize import (
    GPT2_PATTERN,
    GPT2_PATTERN_SOURCE,
    chunks,
    count_words,
    split_gpt2,
)

ORIGINAL = regex.compile(GPT2_PATTERN_SOURCE)
BYTE_LEVEL = pre_tokenizers.ByteLevel(add_prefix_space=False)
# A character that this Python's Unicode does not know yet may be a letter to a newer library.
ASSIGNED = [
    chr(code)
    for code in range(sys.maxunicode + 1)
    if unicodedata.category(chr(code)) not in ("Cn", "Cs", "Co")
]
# Every kind of boundary: letters, numbers, white space of all sorts, the information separators.
TRICKY = (
    "'sstdmlrev aZ09 \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2003\u2028\u2029\u202f\u3000"
)
TRICKY += "\u200b\ufeff\u180e²½Ⅷ①中文，。é\u0301ß٣𝟜𐍈😀🏽👩\u200d💻_-.,!\x00"
tricky_text = st.text(st.sampled_from(TRICKY) | st.sampled_from(ASSIGNED), max_size=30)


def oracle(text: str) -> list[str]:
    offsets = [span for _, span in BYTE_LEVEL.pre_tokenize_str(text)]
    return [text[start:end] for start, end in offsets]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("I'm 25, ok", ["I", "'m", " 25", ",", " ok"]),
        ("don't we'LL", ["don", "'t", " we", "'", "LL"]),  # contractions in lower case only
        # All but the last space of a run stand alone; the last goes with the word.
        ("a   b", ["a", "  ", " b"]),
        ("a   ", ["a", "   "]),
        ("a\n\n  b", ["a", "\n\n ", " b"]),
        ("x1²中文！", ["x", "1²", "中文", "！"]),
        # U+001F is white space to Python's \s, to Unicode it is a control: "other".
        ("a\x1f\x1fb", ["a", "\x1f\x1f", "b"]),
        (" \x1f", [" \x1f"]),
        ("\ud800a", ["\ud800", "a"]),
    ],
)
def test_worked_by_hand(text, pieces):
    assert split_gpt2(text) == pieces


def test_every_assigned_character_falls_in_the_class_of_the_original():
    # "a" and "1" on both sides: whether c joins a letter, a number, neither, or is space.
    for start in range(0, len(ASSIGNED), 1000):
        text = "".join(f"a{c}1{c}!{c} {c}\n" for c in ASSIGNED[start : start + 1000])
        assert split_gpt2(text) == oracle(text)


def test_planes_that_the_pattern_leaves_out_hold_no_letter_number_or_space():
    beyond = map(chr, range(0x40000, sys.maxunicode + 1))
    assert not any(unicodedata.category(c)[0] in "LNZ" or c.isspace() for c in beyond)


@settings(deadline=None, max_examples=300)
@given(tricky_text)
def test_equal_to_tokenizers_and_to_the_original_pattern(text):
    assert split_gpt2(text) == oracle(text) == ORIGINAL.findall(text)


@settings(deadline=None, max_examples=200)
@given(st.text(st.characters(), max_size=40))  # surrogates and unassigned characters included
def test_nothing_is_lost_and_the_fast_patterns_cut_as_the_general_one(text):
    pieces = split_gpt2(text)
    assert "".join(pieces) == text
    assert all(pieces)
    assert pieces == GPT2_PATTERN.findall(text)


def test_equal_to_tokenizers_on_real_text():
    sources = [text[:5000] for text in corpora.functions()[::10]]
    for text in [*corpora.docstrings()[::40], *corpora.chinese()[::20], *sources]:
        assert split_gpt2(text) == oracle(text)


@settings(deadline=None, max_examples=200)
@given(tricky_text, st.integers(1, 8))
def test_chunks_are_cut_as_the_whole_is(text, size):
    parts = list(chunks(text, size))
    assert "".join(parts) == text
    assert [piece for part in parts for piece in split_gpt2(part)] == split_gpt2(text)


def test_chunks_keep_to_their_size_where_there_is_white_space():
    words = random.Random(0).choices(["some", "words", "\n", "    ", "and", "lines."], k=5000)
    text = " ".join(words)
    assert max(map(len, chunks(text, 100))) < 200


def test_count_words():
    assert count_words(["a b a", "b\nc"]) == {"a": 2, "b": 2, "c": 1}
    assert count_words(iter(["a a"]), split_gpt2) == {"a": 1, " a": 1}
    assert count_words([]) == {}
    with pytest.raises(ValueError, match="texts is the string 'a b'"):
        count_words("a b")
