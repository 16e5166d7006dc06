"""Text from the text layer of a PDF: words with positions, then an order to read them in.

A PDF page is a list of glyphs with coordinates. It need not contain spaces, lines, paragraphs or
columns; all of these are guessed back here from the distances, as far as simple rules go: columns
by a vertical gap (a recursive cut along white space, after nagy1992), paragraphs by a wider
leading, headers and footers by repetition, words broken at a line's end by their hyphen.

`read_pages` needs the package pdfplumber, which decodes the file. Left out: optical character
recognition, formulas, reading order from the tags that some files have.
"""

import io
import re
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from handtorch.rag.documents import Document


@dataclass(frozen=True)
class Word:
    """A word and its box, in points from the page's top left corner."""

    text: str
    x0: float
    top: float
    x1: float
    bottom: float
    upright: bool = True


@dataclass(frozen=True)
class Rule:
    """A drawn horizontal or vertical line: x0 == x1 or top == bottom."""

    x0: float
    top: float
    x1: float
    bottom: float


@dataclass(frozen=True)
class Page:
    """One page's words, rules, and the share of its area that images cover."""

    number: int
    width: float
    height: float
    words: tuple[Word, ...]
    rules: tuple[Rule, ...] = ()
    image_share: float = 0.0

    @property
    def scanned(self) -> bool:
        """Whether it is a picture with almost no text layer, and so must be recognized first."""
        return self.image_share > 0.5 and len(self.words) < 10


def read_pages(source: str | Path | bytes, word_gap: float = 0.15) -> list[Page]:
    """The pages of a PDF, given by its path or its bytes.

    Letters further apart than `word_gap` times their size belong to two words.

    Raises:
        ModuleNotFoundError: if pdfplumber is not installed.
        FileNotFoundError: if there is no such file.
        ValueError: if the file cannot be read as a PDF, for instance for lack of a password.
    """
    try:
        import pdfplumber
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "reading PDFs needs pdfplumber: pip install pdfplumber"
        ) from error
    data = source if isinstance(source, bytes) else Path(source).read_bytes()
    name = f"{len(data)} bytes" if isinstance(source, bytes) else str(source)
    try:
        with pdfplumber.open(io.BytesIO(data)) as pdf:
            return [_page(page, word_gap) for page in pdf.pages]
    except Exception as error:  # the decoder has many, none documented
        reason = f"{type(error).__name__}: {error}".removesuffix(": ")
        raise ValueError(f"source ({name}) cannot be read as a PDF: {reason}") from error


def _page(page: Any, word_gap: float) -> Page:
    found = page.extract_words(x_tolerance_ratio=word_gap, extra_attrs=["upright"])
    words = [
        Word(w["text"], w["x0"], w["top"], w["x1"], w["bottom"], bool(w["upright"])) for w in found
    ]
    rules = [rule for shape in [*page.lines, *page.rects] for rule in _rules(shape)]
    area = sum(image["width"] * image["height"] for image in page.images)
    share = min(1.0, area / (page.width * page.height))
    return Page(page.page_number, page.width, page.height, tuple(words), tuple(rules), share)


def _rules(shape: Any, thin: float = 2.0) -> list[Rule]:
    """A thin shape is one line along its middle; a rectangle has four."""
    x0, top, x1, bottom = shape["x0"], shape["top"], shape["x1"], shape["bottom"]
    if x1 - x0 <= thin and bottom - top <= thin:
        return []
    if x1 - x0 <= thin:
        return [Rule((x0 + x1) / 2, top, (x0 + x1) / 2, bottom)]
    if bottom - top <= thin:
        return [Rule(x0, (top + bottom) / 2, x1, (top + bottom) / 2)]
    across = [Rule(x0, y, x1, y) for y in (top, bottom)]
    return across + [Rule(x, top, x, bottom) for x in (x0, x1)]


def lines(words: Iterable[Word]) -> list[list[Word]]:
    """Words whose middles are at about the same height, from top to bottom, left to right."""
    found: list[list[Word]] = []
    for word in sorted(words, key=lambda word: (word.top + word.bottom, word.x0)):
        middle = (word.top + word.bottom) / 2
        if found and found[-1][0].top <= middle <= found[-1][0].bottom:
            found[-1].append(word)
        else:
            found.append([word])
    return [sorted(line, key=lambda word: word.x0) for line in found]


def reading_order(words: Sequence[Word]) -> list[list[Word]]:
    """The lines of a page, one column after the other where there are columns.

    The page is cut into zones, as high as one vertical gap runs through them. If such a gap is at
    least as wide as a line is high, and both sides look like running text (three lines or more,
    a quarter of the zone's width or more), the left side is read before the right one.
    """
    ordered: list[list[Word]] = []
    for zone in _zones(words):
        gap = _gap(zone)
        left = [word for word in zone if gap and word.x1 <= gap[0]]
        right = [word for word in zone if gap and word.x0 >= gap[1]]
        if gap and all(_running_text(side, zone) for side in (left, right)):
            ordered += reading_order(left) + reading_order(right)
        else:
            ordered += lines(zone)
    return ordered


def _zones(words: Sequence[Word]) -> list[list[Word]]:
    bands: list[list[Word]] = []  # runs of words without white space across all of them
    bottom = float("-inf")
    for word in sorted(words, key=lambda word: word.top):
        if word.top >= bottom:
            bands.append([])
        bands[-1].append(word)
        bottom = max(bottom, word.bottom)
    zones: list[list[Word]] = []
    for band in bands:
        if zones and _gap(zones[-1] + band):
            zones[-1] = zones[-1] + band
        else:
            zones.append(band)
    return zones


def _gap(words: Sequence[Word]) -> tuple[float, float] | None:
    """The widest x-interval without a word, if it is as wide as the words are high."""
    best, reached = (0.0, 0.0), float("inf")
    for word in sorted(words, key=lambda word: word.x0):
        if word.x0 - reached > best[1] - best[0]:
            best = (reached, word.x0)
        reached = word.x1 if reached == float("inf") else max(reached, word.x1)
    height = statistics.median(word.bottom - word.top for word in words)
    return best if best[1] - best[0] >= height else None


def _running_text(side: Sequence[Word], zone: Sequence[Word]) -> bool:
    return len(lines(side)) >= 3 and _extent(side) >= _extent(zone) / 4


def _extent(words: Sequence[Word]) -> float:
    return max(word.x1 for word in words) - min(word.x0 for word in words)


def without_running_lines(
    pages: Sequence[Page], margin: float = 0.1, share: float = 0.5
) -> list[Page]:
    """Remove headers and footers: lines in the margins that repeat, up to their digits.

    A line is removed if it lies in the top or bottom `margin` (a share of the page's height) and
    at least two pages, and at least `share` of all, have it at that height.
    """
    count: Counter[tuple[int, str]] = Counter()
    for page in pages:
        count.update({_running_key(line) for line in lines(page.words)})
    kept = []
    for page in pages:
        low, high = margin * page.height, (1 - margin) * page.height
        words = [
            word
            for line in lines(page.words)
            for word in line
            if low < word.top < high or count[_running_key(line)] < max(2, share * len(pages))
        ]
        kept.append(replace(page, words=tuple(words)))
    return kept


def _running_key(line: Sequence[Word]) -> tuple[int, str]:
    return round(line[0].top / 5), re.sub(r"\d+", "#", " ".join(word.text for word in line))


def paragraphs(ordered: Sequence[Sequence[Word]]) -> list[str]:
    """Join lines to paragraphs: a new one begins at a wider leading, or back at the top.

    A hyphen at a line's end is dropped if the next line goes on with a small letter; a compound
    that was broken at its own hyphen loses it, too.
    """
    steps = [after[0].top - before[0].top for before, after in zip(ordered, ordered[1:])]
    down = [step for step in steps if step > 0]
    usual = statistics.median(down) if down else 0.0
    texts: list[str] = []
    for step, line in zip([float("inf"), *steps], ordered):
        text = " ".join(word.text for word in line)
        if not texts or step > 1.4 * usual:
            texts.append(text)
        elif re.search(r"[^\W\d_]-$", texts[-1]) and text[0].islower():
            texts[-1] = texts[-1][:-1] + text
        else:
            texts[-1] += " " + text
    return texts


def pdf_document(source: str | Path | bytes, id: str, title: str) -> Document:
    """All repairs in a row: no rotated words, no running lines, columns in order, paragraphs.

    Raises:
        ValueError: if the file cannot be read, or a page is a scan: silence would index nothing.
    """
    pages = read_pages(source)
    scans = [page.number for page in pages if page.scanned]
    if scans:
        raise ValueError(f"pages {scans} of {id!r} are images without text: recognize them first")
    upright = [replace(p, words=tuple(word for word in p.words if word.upright)) for p in pages]
    ordered = [
        line for page in without_running_lines(upright) for line in reading_order(page.words)
    ]
    return Document(id=id, title=title, text="\n\n".join(paragraphs(ordered)), metadata={})
