"""Tables of a PDF page, from its ruled lines or, without them, from how its words are aligned.

Ruled: all rules' positions cut the page into a fine grid, boxes of which are joined wherever no
rule separates them; what stays enclosed is a cell, which may span rows or columns. Borderless: the
cells of a line are parted by wide gaps, and columns are the cells of neighboring lines that overlap
in x. A table is a list of rows, each a list of cell texts: "" for an empty cell, None for a
place that another cell spans, as in pdfplumber, whose own finder works from the rules'
intersections. Left out: rules that are drawn slanted, headers, tables over several pages.
"""

import bisect
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from handtorch.rag.pdf_text import Page, Rule, Word, lines

Cells = list[list[str | None]]


@dataclass(frozen=True)
class Box:
    """A rectangle in points; `right` and `bottom` in the page's downward coordinates."""

    x0: float
    top: float
    x1: float
    bottom: float

    def holds(self, word: Word) -> bool:
        """Whether the word's middle lies inside."""
        x, y = (word.x0 + word.x1) / 2, (word.top + word.bottom) / 2
        return self.x0 <= x < self.x1 and self.top <= y < self.bottom


@dataclass(frozen=True)
class Table:
    """Where a table is, and its rows of cell texts; `filled` repeats a text wherever it spans."""

    box: Box
    rows: Cells
    filled: list[list[str]]


def ruled_tables(page: Page, tolerance: float = 3.0) -> list[Table]:
    """The tables of two or more cells that rules enclose, from top to bottom.

    Rules at most `tolerance` points apart count as one, and as touching. Raises ValueError for a
    negative tolerance.
    """
    if tolerance < 0:
        raise ValueError(f"tolerance must not be negative, got {tolerance}")
    cells = _enclosed(page.rules, tolerance)
    tables = [_table(group, page.words) for group in _touching(cells) if len(group) > 1]
    return sorted(tables, key=lambda table: (table.box.top, table.box.x0))


def _enclosed(rules: Sequence[Rule], tolerance: float) -> list[Box]:
    """The rectangular areas that rules enclose and no rule divides."""
    xs = _snap([r.x0 for r in rules if r.x0 == r.x1], tolerance)
    ys = _snap([r.top for r in rules if r.top == r.bottom], tolerance)
    if len(xs) < 2 or len(ys) < 2:
        return []
    walls = _walls(rules, xs, ys, tolerance)
    columns, rows = len(xs) - 1, len(ys) - 1
    cells = []
    for area in _areas(rows, columns, walls):
        if None in area:
            continue  # open to the outside
        i, j = [place[0] for place in area if place], [place[1] for place in area if place]
        if len(area) == (max(i) - min(i) + 1) * (max(j) - min(j) + 1):
            cells.append(Box(xs[min(j)], ys[min(i)], xs[max(j) + 1], ys[max(i) + 1]))
    return cells


Place = tuple[int, int] | None  # row and column in the grid, None for all that lies around it


def _snap(values: Iterable[float], tolerance: float) -> list[float]:
    """The means of runs of values in which neighbors differ by at most the tolerance."""
    runs: list[list[float]] = []
    for value in sorted(values):
        if runs and value - runs[-1][-1] <= tolerance:
            runs[-1].append(value)
        else:
            runs.append([value])
    return [sum(run) / len(run) for run in runs]


def _nearest(values: Sequence[float], value: float) -> int:
    right = min(max(bisect.bisect(values, value), 1), len(values) - 1)
    return right - 1 if value - values[right - 1] <= values[right] - value else right


def _walls(
    rules: Sequence[Rule], xs: Sequence[float], ys: Sequence[float], tolerance: float
) -> set[tuple[str, int, int]]:
    """("h", i, j): a rule runs along the top of place (i, j); "v": along its left side."""
    walls: set[tuple[str, int, int]] = set()
    drawn: dict[tuple[str, int], list[tuple[float, float]]] = defaultdict(list)
    for r in rules:
        if r.top == r.bottom:
            drawn["h", _nearest(ys, r.top)].append((r.x0, r.x1))
        else:
            drawn["v", _nearest(xs, r.x0)].append((r.top, r.bottom))
    for (way, at), stretches in drawn.items():
        along = xs if way == "h" else ys
        for start, stop in _joined(stretches, tolerance):
            for k, (low, high) in enumerate(zip(along, along[1:])):
                if start <= low + tolerance and stop >= high - tolerance:
                    walls.add((way, at, k) if way == "h" else (way, k, at))
    return walls


def _joined(stretches: Iterable[tuple[float, float]], gap: float) -> list[tuple[float, float]]:
    """Overlapping stretches, and those at most `gap` apart, as one."""
    joined: list[tuple[float, float]] = []
    for start, stop in sorted(stretches):
        if joined and start <= joined[-1][1] + gap:
            joined[-1] = (joined[-1][0], max(joined[-1][1], stop))
        else:
            joined.append((start, stop))
    return joined


def _areas(rows: int, columns: int, walls: set[tuple[str, int, int]]) -> list[list[Place]]:
    """Places joined where no wall parts them, None standing for the outside."""
    parent: dict[Place, Place] = {}

    def root(place: Place) -> Place:
        while parent.setdefault(place, place) != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    for i in range(rows + 1):
        for j in range(columns + 1):
            here = (i, j) if i < rows and j < columns else None
            above = (i - 1, j) if i > 0 and j < columns else None
            before = (i, j - 1) if j > 0 and i < rows else None
            for side, beyond in (("h", above), ("v", before)):
                if (side, i, j) not in walls:
                    parent[root(here)] = root(beyond)
                else:
                    root(here)  # an area of its own, so far
    areas: dict[Place, list[Place]] = defaultdict(list)
    for place in list(parent):
        areas[root(place)].append(place)
    return list(areas.values())


def _touching(cells: Sequence[Box]) -> list[list[Box]]:
    """Groups of cells that share corners, through others if need be."""
    groups: list[tuple[set[tuple[float, float]], list[Box]]] = []
    for cell in cells:
        corners = {(x, y) for x in (cell.x0, cell.x1) for y in (cell.top, cell.bottom)}
        members = [cell]
        for group in [group for group in groups if group[0] & corners]:
            groups.remove(group)
            corners, members = corners | group[0], group[1] + members
        groups.append((corners, members))
    return [members for _, members in groups]


def _table(cells: Sequence[Box], words: Iterable[Word]) -> Table:
    xs, ys = sorted({cell.x0 for cell in cells}), sorted({cell.top for cell in cells})
    box = Box(xs[0], ys[0], max(cell.x1 for cell in cells), max(cell.bottom for cell in cells))
    inside = [word for word in words if box.holds(word)]
    rows: Cells = [[None] * len(xs) for _ in ys]
    filled = [[""] * len(xs) for _ in ys]
    for cell in cells:
        text = [[w.text for w in line] for line in lines(w for w in inside if cell.holds(w))]
        i, j = ys.index(cell.top), xs.index(cell.x0)
        content = rows[i][j] = "\n".join(" ".join(line) for line in text)
        for below in range(i, bisect.bisect_left(ys, cell.bottom)):
            for right in range(j, bisect.bisect_left(xs, cell.x1)):
                filled[below][right] = content
    return Table(box, rows, filled)


def aligned_tables(page: Page, gap: float = 1.0) -> list[Table]:
    """Tables without rules: two or more neighboring lines with two or more cells each.

    Words further apart than `gap` times the line's height are in different cells. A cell that
    was broken into two lines becomes two rows. Raises ValueError for a gap that is not positive.
    """
    if gap <= 0:
        raise ValueError(f"gap must be positive, got {gap}")
    tables: list[Table] = []
    run: list[list[list[Word]]] = []
    for line in [*lines(page.words), []]:
        cells = _cells_of(line, gap)
        near = not run or (line and line[0].top - run[-1][0][0].bottom <= 2 * _height(line))
        if len(run) >= 2 and not (len(cells) >= 2 and near):
            tables.append(_from_runs(run))
        run = [*(run if near else []), cells] if len(cells) >= 2 else []
    return [table for table in tables if table.rows]


def _height(line: Sequence[Word]) -> float:
    return line[0].bottom - line[0].top


def _cells_of(line: Sequence[Word], gap: float) -> list[list[Word]]:
    cells: list[list[Word]] = []
    for word in line:
        if cells and word.x0 - cells[-1][-1].x1 <= gap * _height(line):
            cells[-1].append(word)
        else:
            cells.append([word])
    return cells


def _from_runs(run: Sequence[Sequence[Sequence[Word]]]) -> Table:
    columns = _joined([(cell[0].x0, cell[-1].x1) for line in run for cell in line], 0.0)
    filled = []
    for line in run:
        row = [""] * len(columns)
        for cell in line:
            at = bisect.bisect([start for start, _ in columns], cell[0].x0) - 1
            row[at] = " ".join(filter(None, [row[at], *(word.text for word in cell)]))
        filled.append(row)
    words = [word for line in run for cell in line for word in cell]
    top, bottom = min(word.top for word in words), max(word.bottom for word in words)
    box = Box(columns[0][0], top, columns[-1][1], bottom)
    return Table(box, [[*row] for row in filled], filled)


def row_sentences(filled: Sequence[Sequence[str]], heads: int = 1) -> list[str]:
    """Each row below the first `heads` as "head: cell; head: cell", so that it can stand alone.

    A head of several rows is joined by commas, repetitions left out. Raises ValueError if there
    are fewer than `heads` rows, or `heads` is less than 1.
    """
    if not 1 <= heads <= len(filled):
        raise ValueError(f"heads must be between 1 and the {len(filled)} rows, got {heads}")
    names = [", ".join(dict.fromkeys(column)) for column in zip(*filled[:heads])]
    return [
        "; ".join(f"{name}: {cell or 'none'}" for name, cell in zip(names, row))
        for row in filled[heads:]
    ]


def to_markdown(rows: Sequence[Sequence[str | None]]) -> str:
    """The table as Markdown, the first row as its head; what a cell spans is left blank."""
    width = max((len(row) for row in rows), default=0)
    clean = [
        [(cell or "").replace("|", "\\|").replace("\n", " ") for cell in row]
        + [""] * (width - len(row))
        for row in rows
    ]
    head, *body = [f"| {' | '.join(row)} |" for row in clean] or [""]
    return "\n".join([head, "|" + " --- |" * width, *body]) if width else ""
