"""Pre-tokenization: cutting text into the pieces that merges never cross, and counting them.

GPT-2 (radford2019) cuts with one regular expression. It is written for an engine that
knows ``\\p{L}`` (letters) and ``\\p{N}`` (numbers); Python's ``re`` knows neither, and its ``\\s``
takes in U+001C to U+001F, which Unicode does not call white space. The three classes are
therefore spelled out here from ``unicodedata``, and the pattern cuts as the original does, but
for characters that are newer than the Unicode of this Python.

What this leaves out: the later patterns (GPT-4's limits numbers to three digits, for example),
and normalization: pieces are slices of the text, so that joining them gives the text back.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

#: The original with its contractions in one group, for reading: `re` lacks Unicode properties.
GPT2_PATTERN_SOURCE = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def _character_class(members: Iterable[int]) -> str:
    """Code points, ascending, as the inside of a character class: ``\\U00000030-\\U00000039``."""
    ranges: list[list[int]] = []
    for code in members:
        if ranges and code == ranges[-1][1] + 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)


def _compile(codes: range) -> re.Pattern[str]:
    """GPT-2's pattern for text whose letters, numbers and spaces all lie in `codes`."""
    category = {code: unicodedata.category(chr(code))[0] for code in codes}
    letter = _character_class(code for code in codes if category[code] == "L")
    number = _character_class(code for code in codes if category[code] == "N")
    # White_Space: what str.isspace takes for space, but for the four information separators.
    spaces = (c for c in codes if chr(c).isspace() and not 0x1C <= c <= 0x1F)
    space = _character_class(spaces)
    return re.compile(
        f"'(?:[sdmt]|ll|ve|re)| ?[{letter}]+| ?[{number}]+| ?[^{space}{letter}{number}]+"
        f"|[{space}]+(?![^{space}])|[{space}]+"
    )


#: GPT-2's pattern. Planes 4 to 16 hold no letter, number or space, so they are not looked at.
GPT2_PATTERN = _compile(range(0x40000))
# The same cuts on ASCII text and on text within the Basic Multilingual Plane, several times as
# fast: what lies beyond it is a long list of ranges, which `re` searches one by one.
_ASCII_PATTERN = _compile(range(0x80))
_BMP_PATTERN = _compile(range(0x10000))
_BEYOND_BMP = re.compile("[\U00010000-\U0010ffff]")

_SAFE_CUT = re.compile(r"\S(?=[ \n])")
_CHUNK = 1 << 14  # characters


def split_gpt2(text: str) -> list[str]:
    """Cut `text` as GPT-2 does: ``"".join(split_gpt2(text)) == text`` for every string.

    A space goes with what follows it; letters, numbers and the rest share no piece, except in
    contractions such as ``'m``.

    Example: ``"I'm 25, ok"`` -> ``["I", "'m", " 25", ",", " ok"]``
    """
    if text.isascii():
        return _ASCII_PATTERN.findall(text)
    if _BEYOND_BMP.search(text) is None:
        return _BMP_PATTERN.findall(text)
    return GPT2_PATTERN.findall(text)


def chunks(text: str, size: int = _CHUNK) -> Iterator[str]:
    """Slices of about `size` characters that `split_gpt2` cuts as it would cut the whole.

    No piece runs from a character that is not white space into one that is, nor does the
    pattern look back, so the text may be cut there. A long text is then never held as one list
    of pieces, and its plain stretches take the faster patterns.
    """
    start = 0
    while len(text) - start > size:
        cut = _SAFE_CUT.search(text, start + size - 1)
        if cut is None:
            break
        yield text[start : cut.end()]
        start = cut.end()
    if start < len(text):
        yield text[start:]


def count_words(
    texts: Iterable[str], split: Callable[[str], Iterable[str]] = str.split
) -> Counter[str]:
    """How often each word occurs: all that BPE training needs to know about a text.

    Args:
        texts: the texts, one at a time; a generator will do.
        split: what cuts a text into words, for example `split_gpt2`.

    Raises:
        ValueError: if `texts` is one string.
    """
    if isinstance(texts, str):
        raise ValueError(f"texts is the string {texts[:20]!r}; it must be several strings")
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(split(text))
    return counts
