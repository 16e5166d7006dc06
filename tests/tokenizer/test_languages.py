"""Scripts against the names of the Unicode Character Database, spans and routing by invariants.

The oracle for `script_of` is `unicodedata.name`: it says CYRILLIC or HIRAGANA in the name of every
letter of that script, and our table of ranges was not made from it.
"""

import unicodedata
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handtorch.tokenizer.languages import (
    COMMON,
    SCRIPTS,
    LanguageRouter,
    Span,
    script_of,
    split_by_script,
)

WORD_IN_NAME = {script: script.upper() for script in SCRIPTS} | {"Han": "CJK"}
# Letters whose script the name does not spell, in the words of Unicode's own charts.
UNNAMED = ("MODIFIER LETTER", "ORDINAL INDICATOR", "KELVIN", "ANGSTROM", "TURNED", "SUPERSCRIPT")
UNNAMED += ("KANGXI", "IDEOGRAPHIC", "HANGZHOU")
LETTERS = ("Lu", "Ll", "Lt", "Lo")
# Latin, Han, Hiragana, Cyrillic, digits, white space, both kinds of punctuation, emoji with a
# joiner and a skin tone, a combining accent and an unpaired surrogate.
MIXED = "aZé汉字ひлж09 \t,.(“。，（👩‍💻👍🏽́\ud800\udfff\n"


class Characters:
    """A lossless tokenizer of known characters: id = position in the alphabet."""

    def __init__(self, alphabet: str) -> None:
        self.alphabet = alphabet
        self.seen: list[str] = []

    @property
    def vocab_size(self) -> int:
        return len(self.alphabet)

    def encode(self, text: str) -> list[int]:
        self.seen.append(text)
        return [self.alphabet.index(char) for char in text]

    def decode(self, ids: Sequence[int]) -> str:
        return "".join(self.alphabet[i] for i in ids)


@pytest.mark.parametrize("script", sorted(set(SCRIPTS) - {"Other", COMMON}))
def test_every_letter_that_unicode_names_after_a_script_is_found(script: str) -> None:
    """Complete over the Basic Multilingual Plane, and over planes 2 and 3 for Han."""
    codes = [*range(0x10000), *range(0x20000, 0x323B0, 7)]
    word = f" {WORD_IN_NAME[script]} "
    letters = [
        char
        for char in map(chr, codes)
        if word in f" {unicodedata.name(char, '')}" and unicodedata.category(char) in LETTERS
    ]
    assert len(letters) > 25
    assert [char for char in letters if script_of(char) != script] == []


def test_nothing_else_is_claimed() -> None:
    wrong = []
    for char in map(chr, range(0x10000)):
        name, script = unicodedata.name(char, ""), script_of(char)
        if script in ("Other", COMMON) or not name or any(word in name for word in UNNAMED):
            continue
        if WORD_IN_NAME[script] not in name:
            wrong.append((script, name))
    assert wrong == []


@pytest.mark.parametrize(
    "char", [*"0٣५９ \n\u3000.,，。（「!€+_ー", "\u0301", "👍", "🏽", "\ud800"]
)
def test_digits_marks_punctuation_emoji_and_surrogates_are_common(char: str) -> None:
    assert script_of(char) == COMMON


def test_a_letter_outside_the_table_is_other() -> None:
    assert script_of("ა") == "Other"  # Georgian
    assert script_of("க") == "Other"  # Tamil


@pytest.mark.parametrize("char", ["", "ab"])
def test_script_of_wants_one_character(char: str) -> None:
    with pytest.raises(ValueError, match=r"char is .*exactly one character"):
        script_of(char)


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("", []),
        ("3.14 + 👍", [Span(COMMON, "3.14 + 👍")]),
        ("第 3 章", [Span("Han", "第 3 章")]),  # rule 1
        ("2024年", [Span("Han", "2024年")]),  # rule 2
        ("GPT-4!", [Span("Latin", "GPT-4!")]),  # rule 2
        ("我爱 Python 3", [Span("Han", "我爱"), Span("Latin", " Python 3")]),  # white space leans
        ("好👍🏽ok", [Span("Han", "好👍🏽"), Span("Latin", "ok")]),  # an emoji follows its word
        ("GPU，显存", [Span("Latin", "GPU"), Span("Han", "，显存")]),  # a wide comma goes to Han
        ("显存，GPU", [Span("Han", "显存，"), Span("Latin", "GPU")]),  # ... on whichever side
        ("用（GPU），快", [Span("Han", "用"), Span("Latin", "（GPU）"), Span("Han", "，快")]),
        ("词元(token)很", [Span("Han", "词元"), Span("Latin", "(token)"), Span("Han", "很")]),
        ("say “你好”", [Span("Latin", "say"), Span("Han", " “你好”")]),
        ("привет мир ok", [Span("Cyrillic", "привет мир"), Span("Latin", " ok")]),
        ("コーヒー", [Span("Katakana", "コーヒー")]),  # the long-vowel mark is common
        ("cafe\u0301 汉", [Span("Latin", "cafe\u0301"), Span("Han", " 汉")]),
        ("a\ud800汉", [Span("Latin", "a\ud800"), Span("Han", "汉")]),
    ],
)
def test_rules_of_attachment(text: str, spans: list[Span]) -> None:
    assert split_by_script(text) == spans


@settings(deadline=None, max_examples=300)
@given(st.one_of(st.text(), st.text(alphabet=MIXED), st.text(st.characters(codec=None))))
def test_spans_join_to_the_text_and_hold_one_script_each(text: str) -> None:
    spans = split_by_script(text)
    assert "".join(span.text for span in spans) == text
    assert all(span.text for span in spans)
    assert all(left.script != right.script for left, right in pairwise(spans))
    for span in spans:
        letters = {script_of(char) for char in span.text} - {COMMON}
        assert letters == ({span.script} - {COMMON})


def test_a_surrogate_anywhere_is_kept() -> None:
    for code in range(0xD800, 0xE000, 97):
        text = f"{chr(code)}汉{chr(code)}a{chr(code)}"
        assert "".join(span.text for span in split_by_script(text)) == text


def test_ids_of_the_parts_do_not_overlap() -> None:
    latin, han, rest = Characters("ab "), Characters("汉字 "), Characters("ж?")
    router = LanguageRouter({"Latin": latin, "Han": han}, default=rest)
    assert router.vocab_size == 8
    # default 0-1, Latin 2-4, Han 5-7: "ж" 0, "ab" 2 3, " 汉" is 7 5, "a" 2
    assert router.encode("жab 汉a") == [0, 2, 3, 7, 5, 2]
    assert router.decode([0, 2, 3, 7, 5, 2]) == "жab 汉a"


def test_scripts_that_share_a_tokenizer_share_ids_and_are_encoded_in_one_piece() -> None:
    japanese, rest = Characters("日本のコ"), Characters("a")
    router = LanguageRouter(
        {"Han": japanese, "Hiragana": japanese, "Katakana": japanese}, default=rest
    )
    assert router.vocab_size == 5
    assert router.encode("日本のコa") == [1, 2, 3, 4, 0]
    assert japanese.seen == ["日本のコ"]


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet=MIXED))
def test_routing_is_lossless_with_lossless_parts(text: str) -> None:
    router = LanguageRouter(
        {"Latin": Characters(MIXED), "Han": Characters(MIXED)}, Characters(MIXED)
    )
    ids = router.encode(text)
    assert router.decode(ids) == text
    assert all(0 <= i < router.vocab_size for i in ids)


def test_a_script_that_does_not_exist_is_named() -> None:
    with pytest.raises(ValueError, match=r"tokenizers names the script 'Chinese'"):
        LanguageRouter({"Chinese": Characters("a")}, default=Characters("a"))


@pytest.mark.parametrize("bad", [-1, 2])
def test_an_id_outside_the_range_is_refused(bad: int) -> None:
    router = LanguageRouter({"Latin": Characters("a")}, default=Characters("b"))
    with pytest.raises(ValueError, match=f"ids holds {bad}; ids run from 0 to 1"):
        router.decode([0, bad])
