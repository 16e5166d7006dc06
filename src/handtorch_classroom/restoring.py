"""Put a submitted exercise back in order: its tests, and what they are worth, as they were.

Everything that decides about marks (which cells are tests, what they say, what they are worth,
that they are there at all) comes from the gradebook. What had to be mended is said in a clause
each.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handtorch_classroom import notebooks
from handtorch_classroom.notebooks import KERNEL, Notebook, NotebookError
from handtorch_classroom.submissions import (
    GRADING,
    PROBLEM,
    new_cell,
    new_notebook,
    tidy,
    without_hidden_tests,
)


@dataclass(frozen=True)
class Expected:
    """A cell of the exercise as the gradebook knows it; `points` is None if it gives none."""

    name: str
    cell_type: str
    source: str
    checksum: str | None
    locked: bool
    solution: bool
    task: bool
    points: float | None

    @property
    def label(self) -> str:
        """How a sentence speaks of the cell."""
        kind = "answer" if self.solution else "text" if self.points is None else "test"
        return f"the {kind} cell {self.name}"

    @property
    def metadata(self) -> dict[str, Any]:
        """What nbgrader wants to find in the cell."""
        graded = {} if self.points is None else {"points": self.points}
        return {
            "grade_id": self.name,
            "grade": self.points is not None and not self.task,
            "solution": self.solution,
            "task": self.task,
            "locked": self.locked,
            "cell_type": self.cell_type,
            "checksum": self.checksum,
            "schema_version": 3,
            **graded,
        }


def expected_cells(
    gradebook: Any, exercise: str, chapter: str, order: Sequence[str]
) -> list[Expected]:
    """The cells that a submission of the exercise must have, in the given order of their names.

    The gradebook has no order: SQLite happens to return cells as they were written, PostgreSQL as
    they were last changed. Cells that are not in `order` come last.
    """
    known = gradebook.find_notebook(exercise, chapter)
    points = {cell.name: cell.max_score for cell in [*known.grade_cells, *known.task_cells]}
    solutions = {cell.name for cell in known.solution_cells}
    tasks = {cell.name for cell in known.task_cells}
    places = {name: place for place, name in enumerate(order)}
    cells = sorted(known.source_cells, key=lambda c: (places.get(c.name, len(places)), c.name))
    return [
        Expected(
            name=cell.name,
            cell_type=cell.cell_type,
            source=cell.source,
            checksum=cell.checksum,
            locked=bool(cell.locked),
            solution=cell.name in solutions,
            task=cell.name in tasks,
            points=points.get(cell.name),
        )
        for cell in cells
    ]


def order_of(solution: Path) -> list[str]:
    """The names of an exercise's cells in the order of its solution.

    Raises:
        NotebookError: if there is no such solution.
    """
    if not solution.is_file():
        raise NotebookError(
            f"{solution}: there is no solution that says in which order cells stand"
        )
    return list(_order_of(solution, solution.stat().st_mtime_ns))


@functools.lru_cache(maxsize=256)
def _order_of(solution: Path, _: int) -> tuple[str, ...]:
    metadata = (cell.metadata.get("nbgrader", {}) for cell in notebooks.read(solution).cells)
    return tuple(str(own["grade_id"]) for own in metadata if "grade_id" in own)


def restore(notebook: Notebook, expected: Sequence[Expected]) -> Notebook:
    """The submission with the cells of the exercise as the gradebook has them.

    Copies of a cell become plain cells, which run and give no marks; tests that were edited,
    deleted, or moved before what they test are put back. The notes say so.
    """
    notes = _other_kernel(notebook)
    known = {cell.name: cell for cell in expected}
    cells: list[Notebook] = []
    names: list[str] = []  # of the cells, "" for the learner's own
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        name = name if isinstance(name, str) and name in known else ""
        if name and name in names:
            notes.append(f"{known[name].label} is there twice, and the copy does not count")
            name = ""
        names.append(name)
        cells.append(_restored(cell, known[name], notes) if name else _plain(cell))
    _put_back(cells, names, expected, notes)
    problem = notebook.metadata.get(PROBLEM)
    if problem:
        notes = [problem]  # that all cells are missing goes without saying
    grading = {"notes": notes, "problem": problem}
    language = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    return new_notebook(cells, {**language, GRADING: grading})


def _other_kernel(notebook: Notebook) -> list[str]:
    spec = notebook.metadata.get("kernelspec")
    name = spec.get("name") if isinstance(spec, dict) else None
    if name in (None, KERNEL["name"]):
        return []
    return [f"the notebook asked for the kernel {str(name)[:40]!r} and was run with Python 3"]


def _plain(cell: Notebook) -> Notebook:
    return new_cell(cell.cell_type, cell.source, {})


def _restored(cell: Notebook, expected: Expected, notes: list[str]) -> Notebook:
    """A cell of the exercise, with the learner's source only if it is theirs to write."""
    source = cell.source
    if expected.locked:
        same = tidy(source) in (tidy(expected.source), without_hidden_tests(expected.source))
        if not same or cell.cell_type != expected.cell_type:
            notes.append(f"{expected.label} was edited and has been put back")
        source = expected.source
    return new_cell(expected.cell_type, source, {"nbgrader": expected.metadata})


def _put_back(
    cells: list[Notebook], names: list[str], expected: Sequence[Expected], notes: list[str]
) -> None:
    """Insert locked cells that are missing or stand before what they come after."""
    order = [cell.name for cell in expected]
    for place, cell in enumerate(expected):
        before = [names.index(name) for name in order[:place] if name in names]
        if cell.name in names:
            at = names.index(cell.name)
            if not cell.locked or at > max(before, default=-1):
                continue
            del cells[at], names[at]
            notes.append(f"{cell.label} was moved and has been put back")
        elif not cell.locked:
            notes.append(f"{cell.label} is missing")
            continue
        else:
            notes.append(f"{cell.label} was deleted and has been put back")
        before = [names.index(name) for name in order[:place] if name in names]
        after = [names.index(name) for name in order[place + 1 :] if name in names]
        at = max([min(after, default=len(names)), *(index + 1 for index in before)])
        cells.insert(at, new_cell(cell.cell_type, cell.source, {"nbgrader": cell.metadata}))
        names.insert(at, cell.name)
