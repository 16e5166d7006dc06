"""What people write into the gradebook, beside the grader: it outlives every grading.

Due dates, extensions, times of submission, points and extra credit given by hand, comments and
flags. Grading again keeps them; `take` and `put_back` carry them over where nbgrader can only
start a chapter afresh. `Marks` is what a notebook's row and its page say about them.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from nbgrader.api import MissingEntry
from nbgrader.preprocessors import GetGrades
from nbgrader.utils import is_grade, is_task

from handtorch_classroom.feedback import points
from handtorch_classroom.notebooks import Notebook


@dataclass(frozen=True)
class Marks:
    """The marks of one notebook: the `score` counts, after the `penalty`; `waiting` are the cells
    that somebody still has to grade, and `clauses` say what is not the grader's doing.
    """

    score: float
    max_score: float
    penalty: float
    waiting: tuple[str, ...]
    clauses: tuple[str, ...]


def marks_of(submitted: Any) -> Marks:
    """The marks of a submitted notebook of the gradebook."""
    penalty = float(submitted.late_submission_penalty or 0.0)
    grades = sorted(submitted.grades, key=lambda grade: str(grade.name))
    waiting = tuple(str(grade.name) for grade in grades if grade.needs_manual_grade)
    clauses = [clause for grade in grades if (clause := _clause(grade))]
    if unseen := [name for name in waiting if not any(c.startswith(f"{name}: ") for c in clauses)]:
        clauses.append(f"to be graded by hand: {', '.join(unseen)}")
    late = float(submitted.assignment.total_seconds_late)
    if late:
        off = f"{points(penalty)} points taken off" if penalty else "nothing taken off"
        clauses.append(f"handed in {duration(late)} late, {off}")
    most = float(submitted.max_score)
    score = max(0.0, float(submitted.score) - penalty)
    return Marks(score, most, penalty, waiting, tuple(clauses))


def _clause(grade: Any) -> str:
    """What was done to a grade by hand; "" if nothing was."""
    parts = []
    if grade.manual_score is not None:
        parts.append(f"{points(grade.manual_score)} of {points(grade.max_score)} points by hand")
    if grade.extra_credit:
        parts.append(f"{points(grade.extra_credit)} points of extra credit")
    if parts and grade.needs_manual_grade:
        parts.append("to be looked at again, because it was graded anew")
    return f"{grade.name}: {', '.join(parts)}" if parts else ""


def duration(seconds: float) -> str:
    """A time as somebody would say it, in its two largest units."""
    minutes = max(1, round(seconds / 60))
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    units = [f"{n} {unit}" for n, unit in ((days, "d"), (hours, "h"), (rest, "min")) if n]
    return " ".join(units[:2])


class ShowMarks(GetGrades):  # type: ignore[misc, unused-ignore]
    """Feedback: scores and comments, and which of them are not the grader's doing."""

    def preprocess(self, nb: Notebook, resources: Any) -> tuple[Notebook, Any]:
        nb, resources = super().preprocess(nb, resources)
        of = resources["nbgrader"]
        with self.gradebook as gradebook:
            submitted = gradebook.find_submission_notebook(
                of["notebook"], of["assignment"], of["student"]
            )
            marks = marks_of(submitted)
            for cell in nb.cells:
                if is_grade(cell) or is_task(cell):
                    self._note(cell, of)
        of["score"], of["by_hand"] = marks.score, list(marks.clauses)
        return nb, resources

    def _note(self, cell: Notebook, of: dict[str, Any]) -> None:
        own = cell.metadata.nbgrader
        grade = self.gradebook.find_grade(
            own["grade_id"], of["notebook"], of["assignment"], of["student"]
        )
        own["by_hand"] = grade.manual_score is not None
        own["waiting"] = bool(grade.needs_manual_grade and not own["by_hand"])
        own["extra"] = float(grade.extra_credit or 0.0)


@dataclass
class ByHand:
    """All that people wrote about one chapter."""

    duedate: datetime | None = None
    submissions: dict[str, "_Submission"] = field(default_factory=dict)


@dataclass
class _Submission:
    timestamp: datetime | None
    extension: timedelta | None
    flagged: list[str]
    grades: dict[tuple[str, str], tuple[float | None, float | None]]  # by exercise and cell
    comments: dict[tuple[str, str], str]

    def __bool__(self) -> bool:
        return bool(
            self.timestamp or self.extension or self.flagged or self.grades or self.comments
        )


def take(gradebook: Any, chapter: str) -> ByHand:
    """Read what people wrote about a chapter."""
    assignment = gradebook.find_assignment(chapter)
    taken = ByHand(assignment.duedate)
    for submission in assignment.submissions:
        books = submission.notebooks
        found = _Submission(
            submission.timestamp,
            submission.extension,
            [book.name for book in books if book.flagged],
            {
                (book.name, grade.name): (grade.manual_score, grade.extra_credit)
                for book in books
                for grade in book.grades
                if grade.manual_score is not None or grade.extra_credit is not None
            },
            {
                (book.name, comment.name): comment.manual_comment
                for book in books
                for comment in book.comments
                if comment.manual_comment is not None
            },
        )
        if found:
            taken.submissions[submission.student.id] = found
    return taken


def put_back(gradebook: Any, chapter: str, taken: ByHand) -> int:
    """Write what was taken into the chapter's new entries; returns how much found no place."""
    lost = 0
    gradebook.update_or_create_assignment(chapter, duedate=taken.duedate)
    for student, old in taken.submissions.items():
        new = gradebook.update_or_create_submission(
            chapter, student, timestamp=old.timestamp, extension=old.extension
        )
        for book in new.notebooks:
            book.flagged = book.name in old.flagged
        for (book, cell), (manual, extra) in old.grades.items():
            try:
                grade = gradebook.find_grade(cell, book, chapter, student)
            except MissingEntry:
                lost += 1
                continue
            grade.manual_score, grade.extra_credit = manual, extra
        for (book, cell), text in old.comments.items():
            try:
                comment = gradebook.find_comment(cell, book, chapter, student)
            except MissingEntry:
                lost += 1
                continue
            comment.manual_comment = text
    gradebook.db.commit()
    return lost
