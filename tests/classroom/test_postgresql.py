"""PostgreSQL as gradebook, tried on a real server that lives as long as these tests."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from handtorch_classroom import grading, notebooks, release
from handtorch_classroom.exporting import export
from handtorch_classroom.gradebook import load_config, open_gradebook, quiet
from handtorch_classroom.notebooks import NotebookError
from handtorch_classroom.report import Report
from handtorch_classroom.restoring import expected_cells, order_of
from tests.classroom.sample_course import CHAPTER, ClassFolder, code, make_course, place

PROGRAMS = ["initdb", "pg_ctl"]
PLACES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def programs() -> dict[str, str]:
    """The server's programs, which Debian keeps off the PATH."""
    path = os.pathsep.join([os.environ.get("PATH", ""), *map(str, PLACES)])
    return {name: found for name in PROGRAMS if (found := shutil.which(name, path=path))}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a server of our own: no port, only a socket in a private folder."""
    pytest.importorskip("psycopg", reason="the driver psycopg is not installed")
    found = programs()
    if len(found) < len(PROGRAMS):
        pytest.skip("PostgreSQL's programs initdb and pg_ctl are not installed")
    user: dict[str, Any] = {}
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    if os.geteuid() == 0:  # the server refuses to be root
        try:
            shutil.chown(folder, "postgres", "postgres")
        except LookupError:
            pytest.skip("there is no user postgres, and the server refuses to run as root")
        user = {"user": "postgres", "group": "postgres", "extra_groups": []}

    def run(program: str, *arguments: str) -> None:
        command = [found[program], *arguments]
        # The server keeps whatever it is given as output open: a pipe would never end.
        with (folder / "said").open("ab") as said:
            subprocess.run(command, check=True, stdout=said, stderr=said, cwd="/", **user)

    data = folder / "data"
    try:
        run("initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N")
        options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
        run("pg_ctl", "-D", str(data), "-w", "-o", options, "-l", str(folder / "log"), "start")
        yield f"postgresql+psycopg://postgres@/postgres?host={folder}"
    finally:
        with contextlib.suppress(subprocess.CalledProcessError):
            run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def with_gradebook(course: Path, db_url: str) -> Path:
    with (course / "nbgrader_config.py").open("a") as config:
        config.write(f"\nc.CourseDirectory.db_url = {db_url!r}\n")
    return course


@pytest.fixture(scope="module")
def course(server: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return with_gradebook(make_course(tmp_path_factory.mktemp("course")), server)


@pytest.fixture(scope="module")
def handed_in(course: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = ClassFolder(course, tmp_path_factory.mktemp("class"))
    folder.hand_in("ann", without_tests)
    folder.hand_in_twice("ann")
    folder.hand_in("李雷")
    folder.hand_in_bytes("李雷", b"2026-11-21 10:00:00 UTC", "timestamp.txt")
    return folder.folder


def without_tests(notebook: Any) -> None:
    """All three tests deleted: they come back in the order of the exercise."""
    for name in ("add-visible", "add-hidden", "negate-visible"):
        del notebook.cells[place(notebook, name)]


@pytest.fixture(scope="module")
def report(course: Path, handed_in: Path, server: str) -> Report:
    release.fill_gradebook(course, CHAPTER, course / "grading" / "release")
    engine = create_engine(server)
    with engine.begin() as connection:  # the first cells are now the last ones that were written
        for name in ("add", "add-visible"):
            change = text("UPDATE source_cell SET locked = locked WHERE name = :name")
            connection.execute(change, {"name": name})
    with engine.connect() as connection:
        order = connection.execute(text("SELECT name FROM source_cell")).scalars().all()
    engine.dispose()
    assert order[-1] == "add-visible"  # so the server's order is no longer the exercise's
    with open_gradebook(load_config(course)) as gradebook, quiet():
        gradebook.update_or_create_assignment(CHAPTER, duedate="2026-11-20 10:00:00 UTC")
    return grading.grade(course, handed_in)


def test_a_class_is_graded(report: Report, course: Path) -> None:
    marks = {(row.student, row.exercise): row.score for row in report.rows}
    assert marks == {
        ("ann", "sums"): 6,
        ("ann", "twice"): 4,
        ("李雷", "sums"): 6,
        ("李雷", "twice"): 0,
    }
    assert not (course / "grading" / "gradebook.db").exists()


def test_the_order_of_cells_is_that_of_the_exercise(report: Report, course: Path) -> None:
    path = course / "grading" / "autograded" / "ann" / CHAPTER / "sums.ipynb"
    order = order_of(course / "solutions" / CHAPTER / "sums.ipynb")
    cells = [
        cell.metadata.get("nbgrader", {}).get("grade_id") for cell in notebooks.read(path).cells
    ]
    assert [name for name in cells if name] == order


def test_the_same_class_is_graded_again_and_exported(
    report: Report, course: Path, handed_in: Path
) -> None:
    with open_gradebook(load_config(course)) as gradebook:
        grade = gradebook.find_grade("negate-visible", "sums", CHAPTER, "ann")
        grade.manual_score, grade.needs_manual_grade = 0.5, False
        gradebook.db.commit()
    again = grading.grade(course, handed_in)
    assert [row.score for row in again.rows] == [5.5, 4, 6, 0]
    path, remarks = export(course, "csv")
    assert "李雷" in path.read_text(encoding="utf-8")
    assert len(remarks) == 1


def test_nbgrader_itself_grades_into_it(report: Report, course: Path) -> None:
    with open_gradebook(load_config(course)) as gradebook:
        gradebook.remove_submission(CHAPTER, "李雷")
    shutil.rmtree(course / "grading" / "autograded" / "李雷")
    command = [sys.executable, "-m", "nbgrader", "autograde", CHAPTER, "--student", "李雷"]
    done = subprocess.run(command, cwd=course, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    with open_gradebook(load_config(course)) as gradebook:
        assert gradebook.find_submission_notebook("sums", CHAPTER, "李雷").score == 6


def test_exercises_that_change_start_afresh(report: Report, course: Path) -> None:
    """The server holds to its foreign keys, which SQLite does not."""
    path = course / "solutions" / CHAPTER / "sums.ipynb"
    notebook = notebooks.read(path)
    notebook.cells.append(code("assert add(2, 2) == 4", "add-more", 1))
    notebooks.write(notebook, path)
    remark = release.fill_gradebook(course, CHAPTER, course / "grading" / "release")
    assert remark.endswith("start afresh.")
    with open_gradebook(load_config(course)) as gradebook:
        assert gradebook.find_notebook("sums", CHAPTER).max_score == 7
        assert gradebook.find_grade("negate-visible", "sums", CHAPTER, "ann").manual_score == 0.5


def test_no_order_of_a_gradebook_decides(tmp_path: Path) -> None:
    order = order_of(make_course(tmp_path) / "solutions" / CHAPTER / "sums.ipynb")
    assert order == ["add", "add-visible", "add-hidden", "negate", "negate-visible"]

    def cell(name: str) -> Any:
        return SimpleNamespace(name=name, cell_type="code", source="", checksum="", locked=False)

    known = SimpleNamespace(grade_cells=[], task_cells=[], solution_cells=[])
    gradebook = SimpleNamespace(find_notebook=lambda *_: known)
    for names in (order, order[::-1], sorted(order)):
        known.source_cells = [cell(name) for name in ("unknown", *names)]
        found = expected_cells(gradebook, "sums", CHAPTER, order)
        assert [one.name for one in found] == [*order, "unknown"]


@pytest.mark.parametrize(
    ("db_url", "words"),
    [
        ("postgresql+psycopg2://ann:secret@localhost/marks", "pip install .psycopg2-binary"),
        ("postgresql+nothing://ann:secret@localhost/marks", "check db_url"),
        ("no address", "check db_url"),
        ("sqlite:////no/such/folder/gradebook.db", "check db_url"),
        ("postgresql+psycopg://ann:secret@/marks?host=/no/such/folder", "check db_url"),
    ],
)
def test_a_gradebook_that_cannot_be_reached_is_a_sentence(
    tmp_path: Path, db_url: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "psycopg:" in db_url:
        pytest.importorskip("psycopg")
    monkeypatch.setitem(sys.modules, "psycopg2", None)  # as if it were not installed
    course = with_gradebook(make_course(tmp_path), db_url)
    with pytest.raises(NotebookError, match=words) as caught:
        grading.grade(course)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)
