"""What learners get is generated from the solutions, the same byte for byte each time."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from handtorch_classroom import notebooks, release
from handtorch_classroom.exercises import Exercise
from handtorch_classroom.gradebook import load_config, open_gradebook, quiet
from handtorch_classroom.notebooks import NotebookError
from tests.classroom.sample_course import CHAPTER, Notebook, answer, cell, code, make_course


@pytest.fixture
def course(tmp_path: Path) -> Path:
    return make_course(tmp_path / "course")


def exercise(course: Path, name: str = "sums") -> Path:
    return course / "exercises" / CHAPTER / f"{name}.ipynb"


def solution(course: Path, name: str = "sums") -> Path:
    return course / "solutions" / CHAPTER / f"{name}.ipynb"


def change_solution(course: Path, name: str, source: str) -> None:
    notebook = notebooks.read(solution(course))
    cell(notebook, name).source = source
    notebooks.write(notebook, solution(course))


def sources(notebook: Notebook) -> str:
    return "\n".join(one.source for one in notebook.cells)


def test_the_release_has_stubs_and_no_secrets(course: Path) -> None:
    released = notebooks.read(exercise(course))
    assert cell(released, "add").source == (
        'def add(a: int, b: int) -> int:\n    """The sum."""\n    raise NotImplementedError'
    )
    hidden = cell(released, "add-hidden").source.split("\n")
    assert hidden[-2:] == ["# Hidden tests stand here.", 'print("2 checks passed")']
    for secret in ("secret", "a + b\n", "SOLUTION", "HIDDEN TESTS", "Adding is what"):
        assert secret not in sources(released).replace("Hidden tests", "")
    assert released.metadata["handtorch"]["minutes"] == 5
    assert all(not one.get("outputs") for one in released.cells)


def test_the_release_is_normal_and_the_same_each_time(course: Path) -> None:
    for path in (exercise(course), exercise(course, "twice")):
        assert path.read_text("utf-8") == notebooks.dumps(notebooks.normalize(notebooks.read(path)))
    before = exercise(course).read_bytes()
    assert release.stale(course) == []
    assert release.release_all(course) == []
    one = release.release(Exercise(course, CHAPTER, "sums"))
    assert notebooks.dumps(one).encode() == before
    exercise(course).unlink()
    assert release.release_all(course) == [exercise(course)]
    assert exercise(course).read_bytes() == before


def test_nbgrader_itself_generates_the_same(course: Path) -> None:
    before = {path: path.read_bytes() for path in exercise(course).parent.iterdir()}
    shutil.rmtree(course / "exercises")
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "generate_assignment", CHAPTER],
        cwd=course,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert {path: path.read_bytes() for path in exercise(course).parent.iterdir()} == before


def test_checksums_are_of_what_is_released(course: Path) -> None:
    """nbgrader's Validate compares them, so a blank line less would be "changed"."""
    from nbgrader.utils import compute_checksum

    for name in ("sums", "twice"):
        for one in notebooks.read(exercise(course, name)).cells:
            if "nbgrader" in one.metadata:
                assert one.metadata.nbgrader.checksum == compute_checksum(one)


def test_stale_says_what_differs(course: Path) -> None:
    exercise(course, "twice").write_bytes(exercise(course, "twice").read_bytes() + b"\n")
    shutil.copy(exercise(course), exercise(course, "orphan"))
    exercise(course).unlink()
    orphan, missing, different = release.stale(course)
    assert "orphan.ipynb: nothing in solutions/ generates it" in orphan
    assert "sums.ipynb: is missing" in missing
    assert "twice.ipynb: not what solutions/ generates" in different
    assert len(release.release_all(course)) == 3
    assert release.stale(course) == []


def test_a_solved_notebook_is_kept_aside(course: Path) -> None:
    notebook = notebooks.read(exercise(course))
    answer(notebook, "add", "def add(a, b):\n    return a + b")
    notebooks.write(notebook, exercise(course))
    solved = exercise(course).read_bytes()
    exercise(course, "twice").write_bytes(exercise(course, "twice").read_bytes() + b"\n")
    release.release_all(course)
    aside = list((course / "kept").rglob("*.ipynb"))
    assert [path.name for path in aside] == ["sums-1.ipynb"]  # nobody solved the other one
    assert aside[0].read_bytes() == solved


@pytest.mark.parametrize(
    ("name", "source", "words"),
    [
        ("add", "### BEGIN SOLUTION\nx = 1", "no end solution"),
        ("add-hidden", "### BEGIN HIDDEN TESTS\nx = 1", "without END HIDDEN TESTS"),
    ],
)
def test_a_broken_solution_is_one_sentence(
    course: Path, name: str, source: str, words: str
) -> None:
    change_solution(course, name, source)
    with pytest.raises(NotebookError, match=words) as caught:
        release.stale(course)
    assert str(caught.value).startswith(f"solutions/{CHAPTER}: ")
    assert "sums.ipynb" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_course_without_configuration_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotebookError, match=r"no nbgrader_config\.py"):
        release.generate(tmp_path, CHAPTER, tmp_path / "out")


def test_marks_start_afresh_when_cells_change(course: Path) -> None:
    into = course / "grading" / "release"
    assert release.fill_gradebook(course, CHAPTER, into) == ""
    with open_gradebook(load_config(course)) as gradebook, quiet():
        gradebook.update_or_create_student("ann")
        gradebook.update_or_create_submission(CHAPTER, "ann")
    change_solution(course, "add-visible", "assert add(1, 1) == 2")
    assert release.fill_gradebook(course, CHAPTER, into) == ""  # other words, the same cells
    notebook = notebooks.read(solution(course))
    notebook.cells.append(code("assert add(2, 2) == 4", "add-more", 1))
    notebooks.write(notebook, solution(course))
    remark = release.fill_gradebook(course, CHAPTER, into)
    assert "start afresh; the old one is kept/gradebook-1.db" in remark
    assert (course / "kept" / "gradebook-1.db").stat().st_size > 0
    with open_gradebook(load_config(course)) as gradebook:
        assert gradebook.find_notebook("sums", CHAPTER).max_score == 7
        assert gradebook.find_student("ann").submissions == []
