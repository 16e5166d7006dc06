"""Grading: a class with every odd submission is graded once, and many tests look at what came."""

import csv
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from handtorch_classroom import grading, notebooks
from handtorch_classroom.gradebook import load_config, open_gradebook
from handtorch_classroom.handed_in import collect
from handtorch_classroom.notebooks import NotebookError
from handtorch_classroom.report import Report, Row
from tests.classroom.sample_course import (
    CHAPTER,
    ClassFolder,
    Notebook,
    answer,
    cell,
    code,
    make_course,
    place,
)

MINUS = "def add(a, b):\n    return a - b"
SWALLOW = """
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass"""


def first(notebook: Notebook, source: str) -> None:
    """A cell of the learner's own before all others."""
    notebook.cells.insert(0, code(source))


def add_is(source: str):  # type: ignore[no-untyped-def]
    """A change: this answer instead of the right one."""
    return lambda notebook: answer(notebook, "add", source)


def begin_with(source: str):  # type: ignore[no-untyped-def]
    """A change: a cell of the learner's own before all others."""
    return lambda notebook: first(notebook, source)


def delete(*names: str):  # type: ignore[no-untyped-def]
    def change(notebook: Notebook) -> None:
        for name in names:
            del notebook.cells[place(notebook, name)]

    return change


def copy_cell(notebook: Notebook) -> None:
    at = place(notebook, "add-visible")
    notebook.cells.insert(at, {**notebook.cells[at], "id": "copied"})


def edit_test(notebook: Notebook) -> None:
    answer(notebook, "add", MINUS)
    cell(notebook, "add-visible").source = "print('1 check passed')"
    cell(notebook, "add-hidden").metadata.nbgrader.grade = False
    cell(notebook, "add-hidden").cell_type = "raw"


def move_test(notebook: Notebook) -> None:
    notebook.cells.insert(0, notebook.cells.pop(place(notebook, "add-visible")))


def skip_tests(notebook: Notebook) -> None:
    answer(notebook, "add", MINUS)
    for one in notebook.cells:
        one.metadata["tags"] = ["skip-execution"]


def other_kernel(notebook: Notebook) -> None:
    notebook.metadata["kernelspec"] = {"name": "julia-1.9", "display_name": "Julia"}


EMPTYING = """def empty(lines):
    return []
get_ipython().input_transformers_cleanup.append(empty)"""
WARNING = "def add(a, b):\n    warnings.warn('careful')\n    return a + b"
CHILD = """import subprocess
subprocess.Popen(["sleep", "4321"], start_new_session=True)"""

# student: (change, points of 6, what the sentence must say)
ODD = {
    "right": (None, 6, "all 3 tests passed"),
    "wrong": (add_is(MINUS), 1, "add(1, 2) is wrong"),
    "syntax-error": (add_is("def add(a, b:\n    return a"), 1, "syntax error"),
    "test-deleted": (delete("add-visible", "negate-visible"), 6, "add-visible was deleted"),
    "answer-deleted": (delete("add"), 1, "the answer cell add is missing"),
    "both-deleted": (delete("add", "add-visible"), 1, "add-visible was deleted"),
    "test-copied": (copy_cell, 6, "is there twice"),
    "test-edited": (edit_test, 1, "add-visible was edited"),
    "test-moved": (move_test, 6, "was moved"),
    "endless-cell": (begin_with("while True: pass"), 6, "ran longer than 2 s and was stopped"),
    "endless-add": (add_is("def add(a, b):\n    while True: pass"), 1, "and was stopped"),
    "swallowing-cell": (begin_with("if True:" + SWALLOW), 6, "could not be interrupted"),
    "swallowing-add": (add_is("def add(a, b):" + SWALLOW), 1, "could not be interrupted"),
    "os-exit-cell": (begin_with("import os; os._exit(0)"), 6, "ended the kernel"),
    "os-exit-add": (add_is("import os\ndef add(a, b): os._exit(0)"), 1, "ended the kernel"),
    "sys-exit": (begin_with("import sys; sys.exit(0)"), 6, "called sys.exit"),
    "exit": (begin_with("exit()"), 6, "called sys.exit"),
    "100-gigabytes": (begin_with("big = bytearray(10**11)"), 6, "more memory than is allowed"),
    "warning": (add_is(WARNING), 6, "costs nothing"),
    "much-output": (begin_with("for _ in range(20): print('x' * 10**6)"), 6, "printed more"),
    "surrogates": (
        begin_with("print(chr(0xD800)); raise ValueError(chr(0xDFFF))"),
        6,
        "raised ValueError",
    ),
    "other-kernel": (other_kernel, 6, "'julia-1.9' and was run with Python 3"),
    "skip-tag": (skip_tests, 1, "2 of 3 tests failed"),
    "transformer": (begin_with(EMPTYING), 0, "did not run to its end"),
    "leaves-a-process": (begin_with(CHILD), 6, "all 3 tests passed"),
}
NO_NOTEBOOK = {
    "not-json": (b"{'cells': [", "it is not JSON"),
    "zero-bytes": (b"", "an empty file"),
    "not-utf8": ('{"cells": "é"}'.encode("latin-1"), "it is not UTF-8"),
    "no-cells": (b"[1, 2]", "no list of cells"),
}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_course(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def handed_in(course: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = ClassFolder(course, tmp_path_factory.mktemp("class"))
    for student, (change, _, _) in ODD.items():
        folder.hand_in(student, change)
    for student, (data, _) in NO_NOTEBOOK.items():
        folder.hand_in_bytes(student, data)
    for student in ("right", "os-exit-add", "not-json"):
        folder.hand_in_twice(student)
    (folder.folder / "empty-folder").mkdir()
    (folder.folder / "empty-chapter" / CHAPTER).mkdir(parents=True)
    folder.hand_in_bytes("right", b"{}", "extra.ipynb")
    folder.hand_in_bytes("right", b"2026-11-21 10:00:00 UTC", "timestamp.txt")
    (folder.folder / "right" / "algebra").mkdir()
    untouched = course / "exercises" / CHAPTER / "sums.ipynb"
    folder.hand_in_bytes("untouched", untouched.read_bytes())
    pipe = folder.hand_in_bytes("pipe", b"")
    pipe.unlink()
    os.mkfifo(pipe)
    link = folder.hand_in_bytes("link", b"")
    link.unlink()
    link.symlink_to(course / "solutions" / CHAPTER / "sums.ipynb")
    return folder.folder


@pytest.fixture(scope="module")
def report(course: Path, handed_in: Path) -> Report:
    return grading.grade(course, handed_in)


def row(report: Report, student: str, exercise: str = "sums") -> Row:
    (found,) = [r for r in report.rows if (r.student, r.exercise) == (student, exercise)]
    return found


@pytest.mark.parametrize("student", ODD)
def test_what_can_run_gets_its_marks_and_a_sentence(report: Report, student: str) -> None:
    _, points, words = ODD[student]
    got = row(report, student)
    assert (got.score, got.max_score) == (points, 6), got.what_happened
    assert words.casefold() in got.what_happened.casefold()
    assert "\n" not in got.what_happened
    assert got.what_happened.endswith(".")


@pytest.mark.parametrize("student", [*NO_NOTEBOOK, "pipe", "link"])
def test_a_file_that_is_no_notebook_gets_no_marks(report: Report, student: str) -> None:
    words = NO_NOTEBOOK[student][1] if student in NO_NOTEBOOK else "no regular file"
    assert row(report, student).score == 0
    assert words in row(report, student).what_happened


@pytest.mark.parametrize("student", ["empty-folder", "empty-chapter"])
def test_nothing_handed_in_gets_no_marks(report: Report, student: str) -> None:
    for exercise in ("sums", "twice"):
        assert row(report, student, exercise).score == 0
        assert row(report, student, exercise).what_happened == "No notebook was handed in."


def test_an_untouched_notebook_is_not_run(report: Report) -> None:
    got = row(report, "untouched")
    assert (got.score, got.max_score, got.what_happened) == (0, 6, "Not started.")


def test_one_bad_notebook_costs_nothing_of_the_other(report: Report) -> None:
    for student in ("right", "os-exit-add", "not-json"):
        assert row(report, student, "twice").score == 4


def test_what_is_no_exercise_is_named(report: Report) -> None:
    assert "no exercise of this name" in row(report, "right", "extra").what_happened
    (chapter,) = [r for r in report.rows if r.chapter == "algebra"]
    assert "no chapter of this name" in chapter.what_happened
    assert chapter.max_score == 0


def test_nothing_failed_in_the_grader(report: Report) -> None:
    assert report.errors == []


def test_no_process_and_no_folder_is_left(report: Report) -> None:
    commands = [" ".join(p.info["cmdline"] or []) for p in psutil.process_iter(["cmdline"])]
    assert [c for c in commands if "sleep 4321" in c] == []
    mine = [p for p in psutil.Process().children(recursive=True) if p.status() != "zombie"]
    assert [p for p in mine if "handtorch_classroom.kernels" in " ".join(p.cmdline())] == []


def test_the_given_folder_is_not_changed(report: Report, handed_in: Path) -> None:
    assert (handed_in / "not-json" / CHAPTER / "sums.ipynb").read_bytes() == b"{'cells': ["
    assert not [p for p in handed_in.rglob("*") if p.suffix in (".html", ".db", ".part")]


def test_marks_are_exported(report: Report, course: Path) -> None:
    assert report.csv == course / "grading" / "marks.csv"
    with report.csv.open(newline="", encoding="utf-8") as file:
        rows = {(r["student"], r["exercise"]): r for r in csv.DictReader(file)}
    assert len(rows) == len(report.rows)
    assert (rows["wrong", "sums"]["score"], rows["wrong", "sums"]["max_score"]) == ("1", "6")
    assert rows["not-json", "sums"]["what happened"].startswith("The file is no notebook")
    assert "Marks: " in report.text()


def test_the_gradebook_has_the_marks(report: Report, course: Path) -> None:
    with open_gradebook(load_config(course)) as gradebook:
        for student in ("wrong", "os-exit-cell", "not-json", "empty-folder"):
            marks = gradebook.find_submission_notebook("sums", CHAPTER, student)
            assert marks.score == row(report, student).score
            assert not marks.needs_manual_grade
        right = gradebook.find_submission(CHAPTER, "right")
        assert right.score == 10
        assert right.timestamp.year == 2026


def page(course: Path, student: str) -> str:
    path = course / "grading" / "feedback" / student / CHAPTER / "sums.html"
    return path.read_text(encoding="utf-8")


def words(html: str) -> str:
    """What a reader sees of a page."""
    return re.sub(r"<[^>]*>", "", html.partition("<body>")[2])


def test_feedback_explains_and_keeps_hidden_tests(report: Report, course: Path) -> None:
    html = page(course, "wrong")
    assert "1 of 6 points" in " ".join(words(html).split())
    assert "Hint: the sign of b" in html
    assert "return a - b" in words(html)
    for student in ODD:
        shown = words(page(course, student))
        assert "secret = 40" not in shown
        assert "add(secret" not in shown
        assert "Traceback" not in shown
        assert "handtorch_classroom/" not in shown


def test_feedback_asks_no_other_host(report: Report, course: Path) -> None:
    for student in ODD:
        html = page(course, student)
        assert "Content-Security-Policy" in html
        assert "<script" not in html
        assert not re.findall(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", html)


def test_nbgrader_itself_gives_the_same_marks(report: Report, course: Path) -> None:
    """With its own commands, as an instructor would type them; for one student of the class."""
    student = "os-exit-add"
    shutil.rmtree(course / "grading" / "autograded" / student)
    shutil.rmtree(course / "grading" / "feedback" / student)
    with open_gradebook(load_config(course)) as gradebook:
        gradebook.remove_submission(CHAPTER, student)
    done = nbgrader(course, "autograde", CHAPTER, "--student", student)
    assert "SAWarning" not in done.stderr
    with open_gradebook(load_config(course)) as gradebook:
        for exercise in ("sums", "twice"):
            marks = gradebook.find_submission_notebook(exercise, CHAPTER, student)
            assert marks.score == row(report, student, exercise).score
    nbgrader(course, "generate_feedback", CHAPTER, "--student", student)
    assert "ended the kernel" in words(page(course, student))
    assert "add(secret" not in words(page(course, student))


def nbgrader(course: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture
def own(course: Path) -> Iterator[Path]:
    """The course, with exercises that a test may write into."""
    before = {p: p.read_bytes() for p in (course / "exercises").glob("*/*.ipynb")}
    yield course
    for path, data in before.items():
        path.write_bytes(data)


def test_own_exercises(own: Path, report: Report) -> None:
    path = own / "exercises" / CHAPTER / "sums.ipynb"
    notebook = notebooks.read(path)
    answer(notebook, "add", WARNING.replace("+", "-"))
    notebooks.write(notebook, path)
    got = grading.grade(own)
    assert [(r.student, r.exercise, r.score, r.started) for r in got.rows] == [
        ("you", "sums", 0, True),
        ("you", "twice", 0, False),
    ]
    text = got.text(100)
    assert "add-visible: add(1, 2) is wrong" in text
    assert "Hint: the sign of b" in text
    assert "negate-visible: not written yet" in text
    assert "not started" in text
    assert "grading/feedback/you" in text
    assert got.csv is None
    assert (own / "grading" / "feedback" / "you" / CHAPTER / "sums.html").is_file()


def test_validate_agrees(own: Path) -> None:
    path = own / "exercises" / CHAPTER / "sums.ipynb"
    notebook = notebooks.read(path)
    answer(notebook, "add", WARNING)
    answer(notebook, "negate", "def negate(a):\n    return -a")
    notebooks.write(notebook, path)
    done = nbgrader(own, "validate", str(path.relative_to(own)))
    assert "passes all the tests" in done.stdout


def test_a_folder_that_is_no_class_is_refused(course: Path, tmp_path: Path) -> None:
    with pytest.raises(NotebookError, match="no such folder"):
        grading.grade(course, tmp_path / "missing")
    with pytest.raises(NotebookError, match="<student>/<chapter>"):
        grading.grade(course, tmp_path)
    (tmp_path / CHAPTER).mkdir()
    with pytest.raises(NotebookError, match="chapters, not students"):
        grading.grade(course, tmp_path)
    with pytest.raises(NotebookError, match="mixed up"):
        grading.grade(course, course / "grading")
    with pytest.raises(NotebookError, match="arithmetic/cubes: no exercise"):
        grading.grade(course, only=["arithmetic/cubes"])


def test_a_folder_whose_name_is_no_id_stops_nobody(course: Path, tmp_path: Path) -> None:
    for name in (b"caf\xe9", b"x" * 129, "李雷".encode()):
        os.makedirs(os.path.join(os.fsencode(tmp_path), name, CHAPTER.encode()))
    handed, unknown = collect(course, tmp_path)
    assert {one.student for one in handed} == {"李雷"}
    assert [row.student for row in unknown] == ["caf?", "x" * 129]
    assert "is not UTF-8" in unknown[0].what_happened
    assert "longer than 128 characters" in unknown[1].what_happened
