"""Several languages behind one front end: find the script of each span, route it, rejoin the ids.

`script_of` reads a table of Unicode ranges, `split_by_script` cuts mixed text into spans of one
script, `LanguageRouter` sends each span to that script's tokenizer and gives every tokenizer its
own range of ids, so that decoding needs nothing but the ids.

A script is not a language: English and French are both Latin, and Han characters are Chinese or
Japanese. What this leaves out: language identification, which needs statistics and not ranges;
all but twelve scripts (their letters are ``Other``); normalization. The names of scripts and the
notion of characters common to all of them are those of Unicode Standard Annex 24 (key `uax24`).
"""

import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from handtorch.tokenizer.base import Tokenizer

#: What belongs to no script: digits, punctuation, white space, emoji, accents, unpaired surrogates.
COMMON = "Common"
#: A letter that the table lacks: of another script, or of a mathematical alphabet.
OTHER = "Other"

_RANGES = {
    "Latin": "41-5A 61-7A AA BA C0-D6 D8-F6 F8-2B8 2E0-2E4 1D00-1D25 1D2C-1D5C 1D62-1D65 "
    "1D6B-1D77 1D79-1DBE 1E00-1EFF 2071 207F 2090-209C 212A-212B 2132 214E 2184 "
    "2C60-2C7F A722-A787 A78B-A7FF AB30-AB5A AB5C-AB64 AB66-AB68 FB00-FB06 FF21-FF3A FF41-FF5A",
    "Greek": "370-373 376-377 37B-37D 37F 386 388-3E1 3F0-3F5 3F7-3FF 1D26-1D2A 1F00-1FBC 1FBE "
    "1FC2-1FCC 1FD0-1FDB 1FE0-1FEC 1FF2-1FFC AB65",
    "Cyrillic": "400-481 48A-52F 1C80-1C8F 1D2B A640-A66E A680-A69D",
    "Hebrew": "5D0-5F2 FB1D FB1F-FB28 FB2A-FB4F",
    "Arabic": "620-63F 641-64A 66E-66F 671-6D3 6D5 6EE-6EF 6FA-6FC 6FF 750-77F 870-887 889-88E "
    "8A0-8C8 FB50-FBB1 FBD3-FD3D FD50-FDC7 FDF0-FDFB FE70-FEFC",
    "Devanagari": "904-939 93D 950 958-961 971-97F A8F2-A8F7 A8FB A8FD-A8FE",
    "Thai": "E01-E30 E32-E33 E40-E46",
    "Hangul": "1100-11FF 3131-318E A960-A97C AC00-D7A3 D7B0-D7FB FFA0-FFDC",
    "Hiragana": "3041-3096 309D-309F",
    "Katakana": "30A1-30FA 30FD-30FF 31F0-31FF FF66-FF6F FF71-FF9D",
    "Bopomofo": "3105-312F 31A0-31BF",
    # Planes 2 and 3 are set aside for ideographs, so later extensions are covered already.
    "Han": "2E80-2FD5 3005 3007 3021-3029 3038-303B 3400-4DBF 4E00-9FFF F900-FAFF "
    "20000-2FFFD 30000-3FFFD",
}
SCRIPTS = (*_RANGES, OTHER, COMMON)
_EAST_ASIAN = {"Han", "Hiragana", "Katakana", "Bopomofo", "Hangul"}


def _table() -> list[tuple[int, int, str]]:
    rows = []
    for script, ranges in _RANGES.items():
        for item in ranges.split():
            first, _, last = item.partition("-")
            rows.append((int(first, 16), int(last or first, 16), script))
    return sorted(rows)


_TABLE = _table()
_STARTS = [first for first, _, _ in _TABLE]


class Span(NamedTuple):
    """A stretch of text in one script."""

    script: str
    text: str


def script_of(char: str) -> str:
    """The script of one character: a name of `SCRIPTS`.

    Raises:
        ValueError: if `char` is not exactly one character.
    """
    if len(char) != 1:
        raise ValueError(f"char is {char!r}; it must be exactly one character")
    code = ord(char)
    row = bisect_right(_STARTS, code) - 1
    if row >= 0 and code <= _TABLE[row][1]:
        return _TABLE[row][2]
    # Modifier letters (Lm) such as the Japanese long-vowel mark serve several scripts.
    return OTHER if unicodedata.category(char) in ("Lu", "Ll", "Lt", "Lo") else COMMON


def split_by_script(text: str) -> list[Span]:
    """Cut `text` into spans of one script; the spans joined are `text`, whatever it holds.

    Letters decide; the common characters between them follow these rules:

    1. Between letters of one script they stay inside the span: ``第 3 章`` is one span.
    2. Before the first letter they join the first span, after the last one the last span.
    3. Between two scripts they join the span before them (so an emoji, an accent or a full stop
       follows its word), but for the longest tail that leans to the right: white space, opening
       brackets and quotation marks, and other wide punctuation, if only the next span is
       East Asian and nothing is closed by it. White space goes with the word to come because
       byte-level BPE learns words with the space before them.
    4. A text without any letter is a single span of script ``Common``.
    """
    spans: list[Span] = []
    waiting = ""  # common characters since the last letter
    for script, chars in groupby(text, script_of):
        piece = "".join(chars)
        if script == COMMON:
            waiting = piece
        elif not spans:
            spans.append(Span(script, waiting + piece))
            waiting = ""
        else:
            before = spans.pop()
            if before.script == script:
                spans.append(Span(script, before.text + waiting + piece))
            else:
                cut = _cut(waiting, before.script, script)
                spans.append(Span(before.script, before.text + waiting[:cut]))
                spans.append(Span(script, waiting[cut:] + piece))
            waiting = ""
    if waiting:
        last = spans.pop() if spans else Span(COMMON, "")
        spans.append(Span(last.script, last.text + waiting))
    return spans


class LanguageRouter:
    """One tokenizer made of several, chosen span by span; lossless if each of them is.

    Every distinct tokenizer has its own range of ids, so the vocabulary is as large as all of
    them together, and a token that two of them know has two ids.

    Args:
        tokenizers: script (a name of `SCRIPTS`) to tokenizer; scripts may share one object, as
            Han, Hiragana and Katakana would for Japanese.
        default: for every script not named; its ids come first.

    Raises:
        ValueError: if a script is unknown.
    """

    def __init__(self, tokenizers: Mapping[str, Tokenizer], default: Tokenizer) -> None:
        unknown = sorted(set(tokenizers) - set(SCRIPTS))
        if unknown:
            raise ValueError(f"tokenizers names the script {unknown[0]!r}; it may name {SCRIPTS}")
        self._parts: list[Tokenizer] = []
        for tokenizer in (default, *tokenizers.values()):
            if not any(tokenizer is part for part in self._parts):
                self._parts.append(tokenizer)
        self._offsets = [0]
        for part in self._parts:
            self._offsets.append(self._offsets[-1] + part.vocab_size)
        numbers = {id(part): number for number, part in enumerate(self._parts)}
        self._part_of = {script: numbers[id(tok)] for script, tok in tokenizers.items()}

    @property
    def vocab_size(self) -> int:
        """The sizes of all distinct tokenizers, added up."""
        return self._offsets[-1]

    def encode(self, text: str) -> list[int]:
        """The ids of `text`; neighboring spans of one tokenizer are encoded as one piece."""
        ids: list[int] = []
        for number, piece in self._pieces(text):
            ids += [self._offsets[number] + token for token in self._parts[number].encode(piece)]
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """The text of `ids`.

        Raises:
            ValueError: if an id is outside 0 .. `vocab_size` - 1.
        """
        pieces = []
        for number, run in groupby(ids, self._part_number):
            offset = self._offsets[number]
            pieces.append(self._parts[number].decode([token - offset for token in run]))
        return "".join(pieces)

    def _pieces(self, text: str) -> Iterator[tuple[int, str]]:
        spans = split_by_script(text)
        # Joined here, so that a run of ids from one tokenizer is one encoded piece when decoding.
        for number, run in groupby(spans, lambda span: self._part_of.get(span.script, 0)):
            yield number, "".join(span.text for span in run)

    def _part_number(self, token: int) -> int:
        if not 0 <= token < self.vocab_size:
            raise ValueError(f"ids holds {token}; ids run from 0 to {self.vocab_size - 1}")
        return bisect_right(self._offsets, token) - 1


def _cut(common: str, left: str, right: str) -> int:
    """Where the tail of `common` that leans to the right begins."""
    toward_right = right in _EAST_ASIAN and left not in _EAST_ASIAN
    cut = len(common)
    while cut and _leans_right(common[cut - 1], toward_right):
        cut -= 1
    return cut


def _leans_right(char: str, toward_east_asian: bool) -> bool:
    category = unicodedata.category(char)
    if char.isspace() or category in ("Ps", "Pi"):
        return True
    wide = "\u3001" <= char <= "\u303f" or "\uff01" <= char <= "\uffee"
    return toward_east_asian and wide and category not in ("Pe", "Pf")
