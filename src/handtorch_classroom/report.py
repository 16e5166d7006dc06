"""What grading says: rows, the table printed for a learner or an instructor, and the CSV."""

import csv
import io
import shutil
import textwrap
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from handtorch_classroom.feedback import Problem, points

COLUMNS = (
    *("student", "chapter", "exercise", "score", "max_score"),
    *("late_submission_penalty", "needs_manual_grade", "what happened"),
)
WIDTH = 100  # of a table where the terminal does not say


@dataclass(frozen=True)
class Row:
    """What became of one notebook of one student.

    `score` is None if it could not be graded, which is a fault of the grader. `notes` are clauses
    about what was odd, `problems` the failed tests by name. What was handed in but is no exercise
    has a row too, worth 0 of 0 points. The score is what counts: points given by hand are in it,
    the `penalty` for being late is taken off. `waiting` says that somebody has to grade a part.
    """

    student: str
    chapter: str
    exercise: str
    score: float | None
    max_score: float
    notes: tuple[str, ...] = ()
    problems: tuple[tuple[str, Problem], ...] = ()
    tests: int = 0
    started: bool = True
    penalty: float = 0.0
    waiting: bool = False

    @property
    def name(self) -> str:
        """Chapter and exercise."""
        return f"{self.chapter}/{self.exercise}" if self.exercise else self.chapter

    @property
    def what_happened(self) -> str:
        """One sentence."""
        clauses = list(self.notes)
        if not self.started:
            clauses.append("not started")
        elif self.score is not None and self.tests:
            clauses.append(self._tests_clause())
        return sentence(clauses)

    def _tests_clause(self) -> str:
        if not self.problems:
            return f"all {self.tests} tests passed" if self.tests > 1 else "the test passed"
        name, first = self.problems[0]
        count = f"{len(self.problems)} of {self.tests} tests failed"
        return f"{count}, first {name}: {shorten(first.what, 120)}"


@dataclass
class Report:
    """All rows of a run, and where the rest was written."""

    rows: list[Row]
    feedback: Path
    csv: Path | None = None
    remarks: list[str] = field(default_factory=list)

    @property
    def errors(self) -> list[Row]:
        """Rows that the grader failed on."""
        return [row for row in self.rows if row.score is None]

    def text(self, width: int | None = None) -> str:
        """The table and the paths, as printed after ``make grade``."""
        width = width or max(60, min(shutil.get_terminal_size((WIDTH, 24)).columns, 140))
        table = self._own_table(width) if self.csv is None else self._class_table(width)
        places = [f"Feedback pages: {shown(self.feedback)}"] if self.feedback.is_dir() else []
        if self.csv is not None:
            places.append(f"Marks: {shown(self.csv)}")
        return "\n".join([*table, "", *self.remarks, *places])

    def _own_table(self, width: int) -> list[str]:
        cells = []
        for row in self.rows:
            lines = [sentence([note]) for note in row.notes]
            for name, problem in row.problems:
                lines.append(f"{name}: {problem.what}")
                if problem.hint:
                    lines.append(f"  Hint: {problem.hint}")
            if not lines or not row.started:
                lines = ["all tests passed" if row.started else "not started"]
            cells.append((row.name, _marks([row]), lines))
        cells.append(("total", _marks(self.rows), [""]))
        return _table(("exercise", "points", "what failed"), cells, width)

    def _class_table(self, width: int) -> list[str]:
        """Marks of each student; then, a line each, what was odd, for all others are plain."""
        students = {
            row.student: [r for r in self.rows if r.student == row.student] for row in self.rows
        }
        cells = [
            (
                student,
                _marks(rows),
                [f"{r.name}: {r.what_happened}" for r in rows if _is_odd(r)] or [""],
            )
            for student, rows in students.items()
        ]
        return _table(("student", "points", "what was odd"), cells, width)

    def write_csv(self, path: Path) -> None:
        """One row for each student and notebook."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in self.rows:
            score = "" if row.score is None else points(row.score)
            marks = (score, points(row.max_score), points(row.penalty), str(row.waiting))
            named = (row.student, row.chapter, row.exercise)
            writer.writerow([*map(harmless, named), *marks, harmless(row.what_happened)])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.getvalue(), encoding="utf-8")
        self.csv = path


def sentence(clauses: Iterable[str]) -> str:
    """Clauses as one sentence on one line."""
    text = " ".join("; ".join(clauses).split())
    return text[:1].upper() + text[1:].rstrip(".") + "." if text else ""


def shorten(text: str, longest: int) -> str:
    """The first line of a text, cut with an ellipsis."""
    line = text.splitlines()[0] if text else ""
    return line if len(line) <= longest else line[: longest - 1] + "…"


def shown(path: Path) -> str:
    """A path as somebody in the current folder would type it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def harmless(text: str) -> str:
    """Text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") else text


def _is_odd(row: Row) -> bool:
    return bool(row.notes or row.score is None or not row.started)


def _marks(rows: Sequence[Row]) -> str:
    earned = sum(row.score or 0.0 for row in rows)
    return f"{points(earned)} / {points(sum(row.max_score for row in rows))}"


def _table(
    head: tuple[str, str, str], rows: Iterable[tuple[str, str, list[str]]], width: int
) -> list[str]:
    """Rows of a name, marks and lines of text, which are wrapped in the last column."""
    rows = list(rows)
    first = max(_columns(text) for text in [head[0], *(row[0] for row in rows)])
    second = max(len(text) for text in [head[1], *(row[1] for row in rows)])
    left = first + second + 4
    lines = [f"{_pad(head[0], first)}  {head[1]:>{second}}  {head[2]}", "-" * width]
    for name, marks, texts in rows:
        wrapped = [
            part
            for text in texts
            for part in textwrap.wrap(text, max(20, width - left), subsequent_indent="  ") or [""]
        ]
        lines.append(f"{_pad(name, first)}  {marks:>{second}}  {wrapped[0]}".rstrip())
        lines += [" " * left + part for part in wrapped[1:]]
    return lines


def _columns(text: str) -> int:
    """Columns of a terminal that the text takes: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(mark) in "WF" else 1 for mark in text)


def _pad(text: str, width: int) -> str:
    return text + " " * (width - _columns(text))
