"""Small PDFs whose right reading is known, drawn with matplotlib: what the parsers are tried on.

A `Sheet` takes text, rules and images at points (1/72 inch) from the top left corner, and
`to_pdf` makes a file of some sheets. Every word is placed by itself, as typesetting programs do,
so the file holds no spaces unless they are asked for. The bytes are the same on every run with one
version of matplotlib. This leaves out everything else a PDF can hold: forms, links, tags.
"""

import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

STYLE: dict[Any, Any] = {
    "pdf.fonttype": 42,
    "font.family": "DejaVu Sans",
    "mathtext.fontset": "dejavusans",
}
GAP = 0.3  # between words, times the size


@dataclass
class Sheet:
    """A page to draw on; 432 x 576 points are 6 x 8 inches."""

    width: float = 432
    height: float = 576
    _drawings: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)

    def text(self, x: float, top: float, text: str, size: float = 9, rotation: int = 0) -> None:
        """One string, its spaces included, from `top` downward (formulas between dollar signs)."""
        self._drawings.append(("text", (x, top, text, size, rotation)))

    def words(self, x: float, top: float, text: str, size: float = 9, gap: float = GAP) -> float:
        """The words one by one, `gap` times the size apart. Returns where the last one ends."""
        for word in text.split():
            self.text(x, top, word, size)
            x += _width(word, size) + gap * size
        return x - gap * size

    def column(self, x: float, top: float, width: float, text: str, size: float = 9) -> None:
        """The text in lines of at most `width`."""
        for i, line in enumerate(_broken(text, width, size)):
            self.words(x, top + 1.3 * size * i, line, size)

    def rule(self, x0: float, top: float, x1: float, bottom: float) -> None:
        """A line of one point."""
        self._drawings.append(("rule", (x0, top, x1, bottom)))

    def box(self, x0: float, top: float, x1: float, bottom: float, color: str = "none") -> None:
        """A rectangle without a border, filled with `color`: what many programs draw as a rule."""
        self._drawings.append(("box", (x0, top, x1, bottom, color)))

    def image(self, x0: float, top: float, x1: float, bottom: float, pixels: Any) -> None:
        """Pixels (height, width, 4), such as another sheet's `pixels`."""
        self._drawings.append(("image", (x0, top, x1, bottom, pixels)))

    def pixels(self, dpi: int = 100) -> Any:
        """The page as a scanner sees it: (height, width, 4) bytes."""
        import numpy as np
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        canvas: Any = FigureCanvasAgg(self.figure(dpi))
        canvas.draw()
        return np.asarray(canvas.buffer_rgba())

    def figure(self, dpi: int = 100) -> Any:
        """The drawings as a matplotlib figure."""
        from matplotlib.figure import Figure
        from matplotlib.lines import Line2D
        from matplotlib.patches import Rectangle

        w, h = self.width, self.height
        figure = Figure(figsize=(w / 72, h / 72), dpi=dpi)
        for kind, values in self._drawings:
            if kind == "text":
                x, top, text, size, rotation = values
                where = {"va": "top", "rotation": rotation}
                figure.text(x / w, 1 - top / h, text, fontsize=size, **where)
                continue
            x0, top, x1, bottom = values[:4]
            corner, wide, high = (x0 / w, 1 - bottom / h), (x1 - x0) / w, (bottom - top) / h
            if kind == "rule":
                ends = [1 - top / h, 1 - bottom / h]
                figure.add_artist(Line2D([x0 / w, x1 / w], ends, color="black", lw=1))
            elif kind == "box":
                figure.add_artist(Rectangle(corner, wide, high, lw=0, color=values[4]))
            else:
                axes = figure.add_axes((*corner, wide, high))
                axes.axis("off")
                axes.imshow(values[4], aspect="auto")
        return figure


def to_pdf(sheets: Sequence[Sheet]) -> bytes:
    """One file with a page for each sheet, without a date.

    Raises:
        ValueError: if there are no sheets.
    """
    from matplotlib import rc_context
    from matplotlib.backends.backend_pdf import PdfPages

    if not sheets:
        raise ValueError("sheets must hold at least one sheet, got none")
    buffer = io.BytesIO()
    with rc_context(STYLE), PdfPages(buffer, metadata={"CreationDate": None}) as pages:
        for sheet in sheets:
            pages.savefig(sheet.figure())
    return buffer.getvalue()


def two_columns(title: str, paragraphs: Sequence[str], header: str = "Working paper") -> bytes:
    """An article: a title over two columns of text, and on every page a header, its number below
    and a rotated stamp at the left edge. Long words are broken at line ends with a hyphen."""
    size, leading, width, lefts = 9.0, 11.5, 175.0, (36.0, 225.0)
    lines = [line for text in paragraphs for line in [*_broken(text, width, size), ""]]
    sheets: list[Sheet] = []
    while lines:
        number = len(sheets) + 1
        sheet = Sheet()
        sheet.words(36, 20, header, 8)
        sheet.words(200, 550, f"Page {number}", 8)
        sheet.text(8, 200, "Handtorch sample", 10, rotation=90)
        top = 48.0
        if number == 1:
            sheet.words(36, 48, title, 15)
            top = 84.0
        for left in lefts:
            y = top
            while lines and y < 530:
                sheet.words(left, y, lines[0], size)
                y += leading if lines.pop(0) else leading * 0.6
        sheets.append(sheet)
    return to_pdf(sheets)


def pairs_kept(reference: str, text: str) -> float:
    """The share of the reference's pairs of successive words that are successive in the text."""
    left = Counter(zip(text.split(), text.split()[1:]))
    pairs = Counter(zip(reference.split(), reference.split()[1:]))
    return (pairs & left).total() / pairs.total()


def grid(
    sheet: Sheet, left: float, top: float, widths: Sequence[float], rows: Sequence[Sequence[str]]
) -> list[float]:
    """Write the cells of a table, 18 points a row, without any rules. Returns the columns' edges.

    A cell may hold several lines, separated by "\\n".
    """
    edges = [left]
    for width in widths:
        edges.append(edges[-1] + width)
    for row, cells in enumerate(rows):
        for edge, cell in zip(edges, cells):
            lines = cell.split("\n")
            for i, line in enumerate(lines):
                sheet.words(edge + 5, top + 18 * row + 4 + (i - (len(lines) - 1) / 2) * 9, line, 8)
    return edges


def _broken(text: str, width: float, size: float) -> list[str]:
    """Lines of at most `width` points; a word of ten letters or more may be broken in two."""
    lines, line, filled = list[str](), list[str](), 0.0
    for word in text.split():
        start = filled + GAP * size if line else 0.0
        if start + _width(word, size) > width:
            cut = len(word) - 3 if len(word) >= 10 and word.isalpha() else 0
            while cut >= 3 and start + _width(word[:cut] + "-", size) > width:
                cut -= 1
            if cut >= 3:
                line.append(word[:cut] + "-")
                word = word[cut:]
            lines.append(" ".join(line))
            line, start = [], 0.0
        line.append(word)
        filled = start + _width(word, size)
    return [*lines, " ".join(line)]


@cache
def _width(word: str, size: float) -> float:
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextToPath

    font = FontProperties(family=STYLE["font.family"], size=size)
    return float(TextToPath().get_text_width_height_descent(word, font, False)[0])
