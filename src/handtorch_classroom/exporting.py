"""The gradebook in the forms that other systems read: what ``make export FORMAT=…`` does.

    csv          one row a student and chapter, with the columns of ``nbgrader export``
    gradescope   grading/export/gradescope/<student>/<chapter>/results.json
    canvas       one row a student, one column a chapter, for Canvas' Gradebook: Import

Each is a plugin of nbgrader, so ``nbgrader export --exporter=handtorch_classroom.exporting.Canvas``
writes the same. GRADING.md says which documents the forms were taken from.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nbgrader.api import MissingEntry
from nbgrader.plugins import ExportPlugin

from handtorch_classroom import notebooks
from handtorch_classroom.by_hand import marks_of
from handtorch_classroom.feedback import problem
from handtorch_classroom.gradebook import load_config, open_gradebook, quiet
from handtorch_classroom.handed_in import YOU
from handtorch_classroom.notebooks import Notebook, NotebookError
from handtorch_classroom.outputs import is_test
from handtorch_classroom.report import harmless
from handtorch_classroom.submissions import GRADING

FOLDER = Path("grading") / "export"
NBGRADER_COLUMNS = (
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"),
    *("raw_score", "late_submission_penalty", "score", "max_score"),
)
CANVAS_COLUMNS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
ABSENT = "no notebook was handed in"
HIDDEN_OUTPUT = "This test has hidden parts, so what it found is not shown."


class _Export(ExportPlugin):  # type: ignore[misc, unused-ignore]
    """An export that writes below grading/export/ unless told where."""

    default = ""

    def target(self) -> Path:
        """Where to write."""
        root = Path(self.config.CourseDirectory.get("root") or ".")
        return Path(self.to) if self.to else root / FOLDER / self.default

    def chapters(self, gradebook: Any) -> list[Any]:
        """The chapters asked for."""
        only = {str(name) for name in self.assignment}
        return [one for one in gradebook.assignments if not only or one.name in only]

    def students(self, gradebook: Any) -> list[Any]:
        """The students asked for, in the order of their ids."""
        only = {str(name) for name in self.student}
        found = sorted(gradebook.students, key=lambda student: str(student.id))
        return [one for one in found if not only or str(one.id) in only]

    def class_only(self, gradebook: Any) -> list[Any]:
        """The students but for whoever graded her own exercises here, unless there is no other."""
        found = self.students(gradebook)
        return [one for one in found if one.id != YOU] or found


class Csv(_Export):
    """nbgrader's own table, with fields quoted where they must be."""

    default = "grades.csv"

    def export(self, gradebook: Any) -> None:
        rows: list[Sequence[str]] = [NBGRADER_COLUMNS]
        for chapter in self.chapters(gradebook):
            for student in self.students(gradebook):
                found = _nbgrader_row(gradebook, chapter, student)
                rows.append([_text(found[name]) for name in NBGRADER_COLUMNS])
        _write_csv(self.target(), rows)


class Canvas(_Export):
    """The table that Canvas' Gradebook imports; empty where nothing was handed in."""

    default = "canvas.csv"

    def export(self, gradebook: Any) -> None:
        chapters = self.chapters(gradebook)
        head = [*CANVAS_COLUMNS, *(chapter.name for chapter in chapters)]
        most = [_number(chapter.max_score) for chapter in chapters]
        rows: list[Sequence[str]] = [head, ["    Points Possible", "", "", "", "", *most]]
        for student in self.class_only(gradebook):
            known = [_name(student), _text(student.lms_user_id), "", str(student.id), ""]
            found = [_submission(gradebook, chapter.name, student.id) for chapter in chapters]
            marks = ["" if one is None else _number(_score(one)) for one in found]
            rows.append([*map(harmless, known), *marks])
        _write_csv(self.target(), rows)


class Gradescope(_Export):
    """A results.json for each submission, as Gradescope's autograders write it."""

    default = "gradescope"

    def export(self, gradebook: Any) -> None:
        for student in self.class_only(gradebook):
            for chapter in self.chapters(gradebook):
                submission = _submission(gradebook, chapter.name, student.id)
                if submission is not None:
                    results = self.results(submission)
                    if Path(student.id).name != student.id:
                        raise NotebookError(f"{student.id!r} cannot be the name of a folder")
                    path = self.target() / str(student.id) / chapter.name / "results.json"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    text = json.dumps(results, indent=1, ensure_ascii=False) + "\n"
                    path.write_text(text, encoding="utf-8")

    def results(self, submission: Any) -> dict[str, Any]:
        """One submission. Its score is that of the gradebook: it overrides the sum of the tests,
        from which no penalty is taken.
        """
        tests: list[dict[str, Any]] = []
        clauses: list[str] = []
        books = sorted(submission.notebooks, key=lambda book: str(book.name))
        for number, book in enumerate(books, start=1):
            graded = self._graded(submission, book)
            for place, (name, mark, cell) in enumerate(_marks(book, graded), start=1):
                tests.append(_test(f"{number}.{place}", f"{book.name}: {name}", mark, cell))
            notes = (
                [ABSENT] if graded is None else graded.metadata.get(GRADING, {}).get("notes", [])
            )
            clauses += [f"{book.name}: {one}" for one in (*notes, *marks_of(book).clauses)]
        return {
            "score": _score(submission),
            "output": "\n".join(clauses),
            "output_format": "text",
            "visibility": "visible",
            "stdout_visibility": "hidden",
            "tests": tests,
        }

    def _graded(self, submission: Any, book: Any) -> Notebook | None:
        """The notebook as it ran; None if there is none."""
        course = self.config.CourseDirectory
        folder = Path(course.get("root") or ".") / str(
            course.get("autograded_directory", "autograded")
        )
        path = folder / str(submission.student.id) / submission.name / f"{book.name}.ipynb"
        try:
            return notebooks.read(path)
        except NotebookError:
            return None


FORMATS: Mapping[str, type[_Export]] = {"csv": Csv, "gradescope": Gradescope, "canvas": Canvas}


def export(root: Path, form: str, to: str = "") -> tuple[Path, list[str]]:
    """Write the gradebook of a course in one of the `FORMATS`, below grading/export/ or to `to`.

    Returns where it was written, and what is worth knowing about it, a sentence each.

    Raises:
        NotebookError: if the format is none, nothing was graded, or nothing can be written there.
    """
    if form not in FORMATS:
        raise NotebookError(f"FORMAT={form} is no format: it must be one of {', '.join(FORMATS)}")
    config = load_config(root)
    config.ExportPlugin.to = to
    plugin = FORMATS[form](config=config)
    with quiet(), open_gradebook(config) as gradebook:
        submissions = [one for chapter in gradebook.assignments for one in chapter.submissions]
        if not submissions:
            raise NotebookError("Nothing has been graded yet: run make grade SUBMISSIONS=folder")
        waiting = sum(bool(one.needs_manual_grade) for one in submissions)
        try:
            plugin.export(gradebook)
        except OSError as error:
            raise NotebookError(f"The marks cannot be exported: {error}") from error
    remarks = []
    if waiting:
        remarks.append(
            f"{waiting} submissions have parts that somebody still has to grade; "
            "their marks are exported as they stand."
        )
    return plugin.target(), remarks


def _nbgrader_row(gradebook: Any, chapter: Any, student: Any) -> dict[str, Any]:
    row = {
        "assignment": harmless(chapter.name),
        "duedate": chapter.duedate,
        "timestamp": "",
        "student_id": harmless(str(student.id)),
        "max_score": chapter.max_score,
        **dict.fromkeys(("raw_score", "late_submission_penalty", "score"), 0.0),
    }
    for name in ("last_name", "first_name", "email"):
        row[name] = harmless(getattr(student, name) or "")
    submission = _submission(gradebook, chapter.name, student.id)
    if submission is not None:
        row["timestamp"], row["raw_score"] = submission.timestamp, submission.score
        row["late_submission_penalty"] = submission.late_submission_penalty
        row["score"] = _score(submission)
    return row


def _submission(gradebook: Any, chapter: str, student: str) -> Any:
    try:
        return gradebook.find_submission(chapter, student)
    except MissingEntry:
        return None


def _score(submission: Any) -> float:
    """What nbgrader counts: the points, less the penalties for being late."""
    return max(0.0, float(submission.score) - float(submission.late_submission_penalty or 0.0))


def _marks(book: Any, graded: Notebook | None) -> Iterable[tuple[str, Any, Notebook | None]]:
    """The marks of a notebook in the order of its cells, each with its cell as it ran."""
    cells: dict[str, Notebook] = {}
    for cell in graded.cells if graded is not None else []:
        cells[str(cell.metadata.get("nbgrader", {}).get("grade_id"))] = cell
    order = list(cells)
    marks = {str(mark.name): mark for mark in book.grades}
    for name in sorted(marks, key=lambda n: (order.index(n) if n in cells else len(order), n)):
        yield name, marks[name], cells.get(name)


def _test(number: str, name: str, mark: Any, cell: Notebook | None) -> dict[str, Any]:
    test: dict[str, Any] = {
        "number": number,
        "name": name,
        "score": float(mark.score),
        "max_score": float(mark.max_score),
        "status": "passed" if mark.score >= mark.max_score else "failed",
        "output_format": "text",
        "visibility": "visible",
    }
    output = "Still to be graded by hand." if mark.needs_manual_grade else ""
    if mark.manual_score is not None:
        output = "Graded by hand."
    elif cell is not None and is_test(cell) and (found := problem(cell)):
        said = f"{found.what}\nHint: {found.hint}" if found.hint else found.what
        output = HIDDEN_OUTPUT if "BEGIN HIDDEN TESTS" in cell.source else said
    return {**test, "output": output} if output else test


def _name(student: Any) -> str:
    """A student as Canvas sorts them: the last name first."""
    names = [name for name in (student.last_name, student.first_name) if name]
    return ", ".join(names) or str(student.id)


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _number(value: float) -> str:
    return f"{float(value):.2f}"


def _write_csv(path: Path, rows: Iterable[Sequence[str]]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(text.getvalue(), encoding="utf-8")
    part.replace(path)
