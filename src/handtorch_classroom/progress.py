"""How far a learner has come: what ``make progress`` prints, and the page that shows the same.

The page is one file without scripts, beside the exercises, so that the Lab shows it. It is written
anew by ``make progress``, ``make grade`` and ``make start``.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import jinja2

from handtorch_classroom.attempts import FILE, Attempt, history
from handtorch_classroom.exercises import all_exercises
from handtorch_classroom.feedback import points
from handtorch_classroom.notebooks import NotebookError
from handtorch_classroom.report import sentence

PAGE = Path("exercises") / "progress.html"
TEMPLATE = Path(__file__).with_name("static") / "progress.html.j2"
HEAD = ("exercise", "best", "last", "attempts", "last try")
NONE = "-"


@dataclass(frozen=True)
class Standing:
    """How one exercise stands; `tries` are its attempts, oldest first."""

    name: str
    max_score: float
    tries: tuple[Attempt, ...] = ()

    @property
    def chapter(self) -> str:
        """The chapter that the exercise belongs to."""
        return self.name.partition("/")[0]

    @property
    def best(self) -> Attempt | None:
        """The attempt with the largest share of the points that there were."""
        return max(self.tries, key=lambda one: one.share, default=None)

    @property
    def attempts(self) -> int:
        """How often other answers were graded: the same ones with other marks are no new try."""
        answers = [one.answers for one in self.tries]
        return sum(one != before for one, before in zip(answers, ["", *answers]))

    @property
    def is_done(self) -> bool:
        """Whether an attempt got all points."""
        return self.best is not None and self.best.share >= 1

    @property
    def cells(self) -> tuple[str, str, str, str, str]:
        """A line of the table."""
        best = self.best
        if best is None:
            return self.name, f"{NONE} / {points(self.max_score)}", NONE, "0", NONE
        last = self.tries[-1]
        return self.name, _marks(best), _marks(last), str(self.attempts), _local(last.time)


@dataclass(frozen=True)
class Progress:
    """All exercises of the course, and those that were tried and are no longer there."""

    standings: tuple[Standing, ...]
    damaged: int = 0

    @property
    def remarks(self) -> list[str]:
        """Sentences below the table."""
        done = sum(one.is_done for one in self.standings)
        tried = sum(bool(one.tries) for one in self.standings)
        clauses = [f"{done} of {len(self.standings)} exercises solved, {tried} tried"]
        if not tried:
            clauses.append("`make grade` records what you try")
        if self.damaged:
            clauses.append(f"{self.damaged} lines of {FILE} cannot be read and were left there")
        return [sentence([clause]) for clause in clauses]

    def chapters(self) -> list[tuple[str, str, list[Standing]]]:
        """Each chapter with a line on its sum and its exercises."""
        names = dict.fromkeys(one.chapter for one in self.standings)
        found = []
        for name in names:
            mine = [one for one in self.standings if one.chapter == name]
            done = sum(one.is_done for one in mine)
            found.append((name, f"{done} of {len(mine)} solved", mine))
        return found

    def text(self) -> str:
        """The table as ``make progress`` prints it."""
        rows: list[Sequence[str]] = [HEAD]
        for name, summary, standings in self.chapters():
            rows += [("",) * 5, (f"{name}: {summary}", "", "", "", "")]
            rows += [("  " + cells[0], *cells[1:]) for cells in (one.cells for one in standings)]
        widths = [max(len(row[column]) for row in rows) for column in range(5)]
        lines = [_line(row, widths) for row in rows]
        return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:], "", *self.remarks])

    def html(self) -> str:
        """The page."""
        environment = jinja2.Environment(autoescape=True)
        return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
            progress=self, head=HEAD
        )


def progress(root: Path) -> Progress:
    """How far the learner of the course under `root` has come.

    Raises:
        NotebookError: if there is a record and it cannot be opened.
    """
    try:
        attempts, damaged = history(root)
    except OSError as error:
        raise NotebookError(f"what you tried so far cannot be read: {error}") from error
    known = {str(one): float(one.max_points) for one in all_exercises(root)}
    gone = {one.exercise: one.max_score for one in attempts if one.exercise not in known}
    names = {**known, **dict(sorted(gone.items()))}
    standings = [
        Standing(name, most, tuple(one for one in attempts if one.exercise == name))
        for name, most in names.items()
    ]
    return Progress(tuple(sorted(standings, key=lambda one: one.name)), damaged)


def write_page(root: Path) -> Path:
    """Write the page of the course under `root`; returns its path."""
    path = root / PAGE
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.part")  # two gradings may end at the same time
    part.write_text(progress(root).html(), encoding="utf-8")
    part.replace(path)
    return path


def _marks(attempt: Attempt) -> str:
    return f"{points(attempt.score)} / {points(attempt.max_score)}"


def _local(time: str) -> str:
    """A time of day as a clock on the wall shows it."""
    return datetime.fromisoformat(time).astimezone().strftime("%Y-%m-%d %H:%M")


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    name, best, last, attempts, when = row
    text = f"{name:<{widths[0]}}  {best:>{widths[1]}}  {last:>{widths[2]}}"
    return f"{text}  {attempts:>{widths[3]}}  {when}".rstrip()
