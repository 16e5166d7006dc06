"""What people write into the gradebook: due dates, points and comments, as nbgrader's users do."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory

from handtorch_classroom import grading, notebooks, release
from handtorch_classroom.gradebook import load_config, open_gradebook, quiet
from handtorch_classroom.notebooks import NotebookError
from handtorch_classroom.report import Report, Row
from tests.classroom.sample_course import (
    CHAPTER,
    ClassFolder,
    Notebook,
    answer,
    code,
    make_course,
    text,
)

DUE = "2026-11-21 10:00:00 UTC"
TIMES = {
    "on-time": "2026-11-21 09:59:59 UTC",
    "late": "2026-11-21 12:30:00 UTC",  # two and a half hours
    "extended": "2026-11-22 10:00:00 UTC",
    "very-late": "2026-12-24 10:00:00 UTC",
    "odd": "yesterday, I think",
    "late-and-missing": "2026-11-21 11:00:00 UTC",
}
PLUGIN = '''
import math

from nbgrader.plugins import BasePlugin


class Hourly(BasePlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        """A point for each hour that has begun."""
        return math.ceil(total_seconds_late / 3600)
'''


def with_essay(root: Path) -> Path:
    """The sample course, with a question that somebody has to read and a task, in sums."""
    course = make_course(root)
    path = course / "solutions" / CHAPTER / "sums.ipynb"
    notebook = notebooks.read(path)
    for name, kind in (("essay", {"grade": True, "solution": True}), ("plot", {"task": True})):
        cell = text(f"Write about {name}.")
        own = {"grade": False, "solution": False, "task": False, "locked": kind.get("task", False)}
        own |= {"grade_id": name, "points": 2, "schema_version": 3, **kind}
        cell.metadata["nbgrader"] = own
        notebook.cells.append(cell)
    notebooks.write(notebook, path)
    release.release_all(course)
    return course


def essay(words: str) -> Any:
    return lambda notebook: answer(notebook, "essay", words)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = with_essay(tmp_path_factory.mktemp("by-hand"))
    (root / "late_by_the_hour.py").write_text(PLUGIN)
    with (root / "nbgrader_config.py").open("a") as config:
        config.write('\nc.AssignLatePenalties.plugin_class = "late_by_the_hour.Hourly"\n')
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(root))
        yield root


@pytest.fixture(scope="module")
def handed_in(course: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = ClassFolder(course, tmp_path_factory.mktemp("class"))
    for student, time in TIMES.items():
        if "missing" in student:
            folder.hand_in_twice(student)
        else:
            folder.hand_in(student, essay("It is *so*."))
        folder.hand_in_bytes(student, time.encode(), "timestamp.txt")
    return folder.folder


def write_by_hand(course: Path) -> None:
    """What an instructor does in the formgrader."""
    with open_gradebook(load_config(course)) as gradebook:
        grade = gradebook.find_grade("essay", "sums", CHAPTER, "on-time")
        grade.manual_score, grade.extra_credit, grade.needs_manual_grade = 1.5, 0.5, False
        wrong = gradebook.find_grade("add-visible", "sums", CHAPTER, "on-time")
        wrong.manual_score, wrong.needs_manual_grade = 0.0, False
        comment = gradebook.find_comment("essay", "sums", CHAPTER, "on-time")
        comment.manual_comment = "Say <why>."
        gradebook.find_submission_notebook("sums", CHAPTER, "late").flagged = True
        gradebook.db.commit()


@pytest.fixture(scope="module")
def graded(course: Path, handed_in: Path) -> tuple[Report, Report]:
    """The class graded, and graded again after an instructor wrote into the gradebook."""
    release.fill_gradebook(course, CHAPTER, course / "grading" / "release")
    with open_gradebook(load_config(course)) as gradebook, quiet():
        gradebook.update_or_create_assignment(CHAPTER, duedate=DUE)
        gradebook.update_or_create_student("extended")
        gradebook.update_or_create_submission(CHAPTER, "extended")
        gradebook.grant_extension(CHAPTER, "extended", days=1)
    before = grading.grade(course, handed_in)
    write_by_hand(course)
    return before, grading.grade(course, handed_in)


def row(report: Report, student: str, exercise: str = "sums") -> Row:
    (found,) = [r for r in report.rows if (r.student, r.exercise) == (student, exercise)]
    return found


@pytest.mark.parametrize(
    ("student", "score", "penalty", "words"),
    [
        ("on-time", 6, 0, "to be graded by hand: essay, plot"),
        ("late", 3, 3, "handed in 2 h 30 min late, 3 points taken off"),
        ("extended", 6, 0, "to be graded by hand"),
        ("very-late", 0, 6, "handed in 33 d late, 6 points taken off"),
        ("odd", 6, 0, "to be graded by hand"),
    ],
)
def test_being_late_costs_what_the_plugin_says(
    graded: tuple[Report, Report], student: str, score: float, penalty: float, words: str
) -> None:
    got = row(graded[0], student)
    assert (got.score, got.penalty, got.max_score, got.waiting) == (score, penalty, 10, True)
    assert words in got.what_happened[:1].lower() + got.what_happened[1:]
    assert ("late" in got.what_happened) == bool(penalty)


def test_what_is_missing_is_worth_nothing_however_late(
    graded: tuple[Report, Report], course: Path
) -> None:
    got = row(graded[0], "late-and-missing")
    assert (got.score, got.penalty, got.waiting) == (0, 0, False)
    assert row(graded[0], "late-and-missing", "twice").score == 3


def test_a_time_that_is_none_is_named_and_does_not_reach_nbgrader(
    graded: tuple[Report, Report], course: Path
) -> None:
    assert any("odd/arithmetic: timestamp.txt holds no time" in r for r in graded[0].remarks)
    submitted = course / "grading" / "submitted"
    assert not (submitted / "odd" / CHAPTER / "timestamp.txt").exists()
    assert (submitted / "late" / CHAPTER / "timestamp.txt").read_text() == TIMES["late"]


def test_points_and_comments_by_hand_survive_a_regrade(
    graded: tuple[Report, Report], course: Path
) -> None:
    got = row(graded[1], "on-time")
    assert got.score == 6 + 2 - 2
    assert "essay: 1.5 of 2 points by hand, 0.5 points of extra credit" in got.what_happened
    assert "dd-visible: 0 of 2 points by hand" in got.what_happened
    assert "to be looked at again" in got.what_happened
    assert "to be graded by hand: plot" in got.what_happened
    with open_gradebook(load_config(course)) as gradebook:
        grade = gradebook.find_grade("add-visible", "sums", CHAPTER, "on-time")
        assert (grade.auto_score, grade.manual_score, grade.score) == (2, 0, 0)
        assert grade.needs_manual_grade  # nbgrader asks to look again at what was graded anew
        assert gradebook.find_submission(CHAPTER, "on-time").duedate.isoformat().startswith("2026")
        assert gradebook.find_submission_notebook("sums", CHAPTER, "late").flagged
        extended = gradebook.find_submission(CHAPTER, "extended")
        assert extended.extension.days == 1
    for student in TIMES:
        if student != "on-time":
            assert row(graded[1], student).score == row(graded[0], student).score


def test_the_feedback_page_says_what_was_given_by_hand(
    graded: tuple[Report, Report], course: Path
) -> None:
    def page(student: str) -> str:
        path = course / "grading" / "feedback" / student / CHAPTER / "sums.html"
        return path.read_text(encoding="utf-8")

    def words(html: str) -> str:
        return " ".join(re.sub(r"<[^>]*>", " ", html.partition("<body>")[2]).split())

    mine = words(page("on-time"))
    assert "6 of 10 points" in mine
    assert "essay 2 / 2 graded by hand; 0.5 of extra credit" in mine
    assert "add-visible 0 / 2 graded by hand" in mine
    assert "plot 0 / 2 still to be graded by hand" in mine
    assert "Say &lt;why&gt;." in page("on-time")
    assert "Handed in 2 h 30 min late, 3 points taken off." in words(page("late"))
    assert "3 of 10 points" in words(page("late"))
    assert "add-hidden 3 / 3 passed" in words(page("late"))


def test_the_table_of_marks_has_penalties_and_what_waits(graded: tuple[Report, Report]) -> None:
    assert graded[1].csv is not None
    with graded[1].csv.open(newline="", encoding="utf-8") as file:
        rows = {(r["student"], r["exercise"]): r for r in csv.DictReader(file)}
    late = rows["late", "sums"]
    assert (late["score"], late["late_submission_penalty"]) == ("3", "3")
    assert late["needs_manual_grade"] == "True"
    assert rows["late-and-missing", "twice"]["needs_manual_grade"] == "False"


def test_nbgraders_own_pages_see_the_same(graded: tuple[Report, Report], course: Path) -> None:
    """What the formgrader asks for: the submissions, graded, with scores and what waits."""
    config = load_config(course)
    with quiet():
        api = NbGraderAPI(CourseDirectory(config=config), config=config)
        assert api.get_autograded_students(CHAPTER) == set(TIMES)
        found = api.get_submission(CHAPTER, "on-time")
        assert (found["autograded"], found["needs_manual_grade"]) == (True, True)
        assert (found["score"], found["max_score"]) == (6, 14)
        assert (found["written_score"], found["task_score"]) == (2, 0)
        books = {b["name"]: b for b in api.get_student_notebook_submissions("late", CHAPTER)}
        assert (books["sums"]["score"], books["sums"]["flagged"]) == (6, True)


def test_the_buttons_of_the_formgrader_work(graded: tuple[Report, Report], course: Path) -> None:
    """Autograde and Generate Feedback, for what was given by hand since."""
    config = load_config(course)
    with open_gradebook(config) as gradebook:
        comment = gradebook.find_comment("essay", "sums", CHAPTER, "late")
        comment.manual_comment = "Well said."
        gradebook.db.commit()
    page = course / "grading" / "feedback" / "late" / CHAPTER / "sums.html"
    with quiet():
        api = NbGraderAPI(CourseDirectory(config=config), config=config)
        for button in (api.generate_feedback, api.autograde):
            done = button(CHAPTER, "late")
            assert done["success"], done.get("error") or done.get("log")
    assert "Well said." in page.read_text(encoding="utf-8")
    with open_gradebook(config) as gradebook:
        late = gradebook.find_submission_notebook("sums", CHAPTER, "late")
        assert (late.score, late.late_submission_penalty) == (6, 3)
        comment = gradebook.find_comment("essay", "sums", CHAPTER, "late")
        assert comment.manual_comment == "Well said."


def test_changed_exercises_keep_what_people_wrote(
    graded: tuple[Report, Report], course: Path
) -> None:
    path = course / "solutions" / CHAPTER / "sums.ipynb"
    before = path.read_bytes()
    notebook = notebooks.read(path)
    notebook.cells = [c for c in notebook.cells if not is_called(c, "add-visible")]
    notebook.cells.append(code("assert add(2, 2) == 4", "add-more", 1))
    notebooks.write(notebook, path)
    remark = release.fill_gradebook(course, CHAPTER, course / "grading" / "release")
    path.write_bytes(before)
    assert "start afresh, without 1 points or comments given by hand" in remark
    with open_gradebook(load_config(course)) as gradebook:
        grade = gradebook.find_grade("essay", "sums", CHAPTER, "on-time")
        assert (grade.manual_score, grade.extra_credit, grade.auto_score) == (1.5, 0.5, None)
        comment = gradebook.find_comment("essay", "sums", CHAPTER, "on-time")
        assert comment.manual_comment == "Say <why>."
        assert gradebook.find_submission(CHAPTER, "extended").extension.days == 1
        assert gradebook.find_submission(CHAPTER, "late").total_seconds_late == 9000
        assert gradebook.find_submission_notebook("sums", CHAPTER, "late").flagged


def is_called(cell: Notebook, name: str) -> bool:
    return cell.metadata.get("nbgrader", {}).get("grade_id") == name


def test_a_plugin_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    course = make_course(tmp_path)
    with (course / "nbgrader_config.py").open("a") as config:
        config.write('\nc.AssignLatePenalties.plugin_class = "no_such_module.Late"\n')
    with pytest.raises(NotebookError, match=r"nbgrader_config\.py: .*no_such_module"):
        grading.grade(course)
