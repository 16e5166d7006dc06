"""What a plain or Markdown text shows of its own structure: sections, blocks, sentences.

All of them are spans (start, stop) of characters that follow one another without a gap, so the
spans of a text put together give the text back. Headings are ``# ...`` lines and lines underlined
with ``===`` or ``---``; a block is a paragraph or a fenced code block with the blank lines after
it. This leaves out the rest of Markdown (lists, tables, quotes) and HTML.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from handtorch.rag.text import sentences

Span = tuple[int, int]

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r"(#{1,6})[ \t]+(\S[^\n]*)")
_UNDERLINE = re.compile(r"(={3,}|-{3,})\s*")


@dataclass(frozen=True)
class Section:
    """A heading and the text up to the next one; `headings` holds those above it and its own."""

    start: int
    stop: int
    headings: tuple[str, ...]


class _Line(NamedTuple):
    start: int
    text: str
    code: bool  # inside a fenced block, the fences included


def _lines(text: str) -> Iterator[_Line]:
    fence = ""
    for match in _LINE.finditer(text):
        line = match.group()
        marker = _FENCE.match(line)
        code = bool(fence) or marker is not None
        if marker is not None and not fence:
            fence = marker.group(1)
        elif marker is not None and _closes(line.strip(), fence):
            fence = ""
        yield _Line(match.start(), line, code)


def _closes(line: str, fence: str) -> bool:
    return len(line) >= len(fence) and not line.strip(fence[0])


def _headings(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, level, title) of every heading."""
    above: _Line | None = None
    for line in _lines(text):
        if line.code:
            above = None
            continue
        sharp = _HEADING.match(line.text)
        if sharp is not None:
            yield line.start, len(sharp.group(1)), sharp.group(2).strip().rstrip("#").strip()
        elif above is not None and above.text.strip() and _UNDERLINE.fullmatch(line.text):
            yield above.start, 1 if line.text[0] == "=" else 2, above.text.strip()
        above = None if sharp is not None else line


def sections(text: str) -> list[Section]:
    """Cut before every heading. What stands before the first one is a section without headings."""
    found: list[Section] = []
    start, path = 0, list[tuple[int, str]]()
    for position, level, title in _headings(text):
        if position > start:
            found.append(Section(start, position, tuple(name for _, name in path)))
        start = position
        path = [(depth, name) for depth, name in path if depth < level] + [(level, title)]
    if start < len(text):
        found.append(Section(start, len(text), tuple(name for _, name in path)))
    return found


def blocks(text: str) -> list[Span]:
    """Cut where a blank line ends, except inside a code fence."""
    starts, after_blank = [0] if text else [], False
    for line in _lines(text):
        blank = not line.code and not line.text.strip()
        if after_blank and not blank:
            starts.append(line.start)
        after_blank = blank
    return spans_between(starts, len(text))


def sentence_spans(text: str) -> list[Span]:
    """The sentences of `handtorch.rag.text`, each with the white space that follows it."""
    starts = [start for start, _ in sentences(text)]
    return spans_between([0] + starts[1:] if text else [], len(text))


def word_spans(text: str, maximum: int) -> list[Span]:
    """Pieces of at most `maximum` characters, cut after the last white space where there is one."""
    starts, start = [0] if text else [], 0
    while len(text) - start > maximum:
        cut = start + maximum
        while cut > start and not text[cut - 1].isspace():
            cut -= 1
        start = cut if cut > start else start + maximum
        starts.append(start)
    return spans_between(starts, len(text))


def spans_between(starts: list[int], stop: int) -> list[Span]:
    """[0, 4] and 9 -> [(0, 4), (4, 9)]"""
    return list(zip(starts, starts[1:] + [stop]))


def pack(spans: list[Span], maximum: int) -> list[Span]:
    """Join neighbors, from the left, for as long as the result has at most `maximum` characters."""
    packed: list[Span] = []
    for start, stop in spans:
        if packed and stop - packed[-1][0] <= maximum:
            packed[-1] = (packed[-1][0], stop)
        else:
            packed.append((start, stop))
    return packed
