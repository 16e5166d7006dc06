"""Exports: other systems get the marks of the gradebook, in the forms that they document."""

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from handtorch_classroom import grading
from handtorch_classroom.commands import main
from handtorch_classroom.exporting import FORMATS, NBGRADER_COLUMNS, export
from handtorch_classroom.gradebook import load_config, open_gradebook, quiet
from handtorch_classroom.notebooks import NotebookError
from tests.classroom.sample_course import CHAPTER, ClassFolder, answer, cell, make_course

DUE = "2026-11-21 10:00:00 UTC"


def wrong_negate(notebook: Any) -> None:
    answer(notebook, "negate", "def negate(a):\n    return a")


def wrong_when_hidden(notebook: Any) -> None:
    answer(notebook, "add", "def add(a, b):\n    return a + b if a < 9 else 'a secret is 40'")
    notebook.cells.insert(0, {**cell(notebook, "add"), "metadata": {}, "id": "x", "source": "1/0"})


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    course = make_course(tmp_path_factory.mktemp("course"))
    folder = ClassFolder(course, tmp_path_factory.mktemp("class"))
    folder.hand_in("ann")
    folder.hand_in_twice("ann")
    folder.hand_in("=bob", wrong_negate)
    folder.hand_in_bytes("=bob", b"2026-11-21 11:00:00 UTC", "timestamp.txt")
    folder.hand_in("cem", wrong_when_hidden)
    with (course / "nbgrader_config.py").open("a") as config:
        config.write('\nc.LateSubmissionPlugin.penalty_method = "zero"\n')
    (course / "_config.yml").touch()
    grading.grade(course, folder.folder)
    with open_gradebook(load_config(course)) as gradebook, quiet():
        gradebook.update_or_create_assignment(CHAPTER, duedate=DUE)
        names = {"first_name": "Ann, the first", "last_name": "O'Hara", "lms_user_id": "4711"}
        gradebook.update_or_create_student("ann", **names)
        gradebook.add_student("zoe")
        gradebook.add_student("you")
    grading.grade(course, folder.folder, only=[f"{CHAPTER}/sums"])  # now that there is a due date
    with open_gradebook(load_config(course)) as gradebook:
        grade = gradebook.find_grade("negate-visible", "sums", CHAPTER, "cem")
        grade.manual_score, grade.needs_manual_grade = 0.25, False
        gradebook.db.commit()
    return course


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_columns_are_those_of_nbgrader(course: Path) -> None:
    path, _ = export(course, "csv")
    assert path == course / "grading" / "export" / "grades.csv"
    rows = {row["student_id"]: row for row in table(path)}
    ann, bob = rows["ann"], rows["'=bob"]
    assert tuple(ann) == NBGRADER_COLUMNS
    assert (ann["first_name"], ann["last_name"]) == ("Ann, the first", "O'Hara")
    assert (ann["assignment"], ann["raw_score"], ann["score"], ann["max_score"]) == (
        CHAPTER,
        "10.0",
        "10.0",
        "10.0",
    )
    assert (bob["raw_score"], bob["late_submission_penalty"], bob["score"]) == ("5.0", "5.0", "0.0")
    assert (bob["timestamp"], bob["duedate"]) == ("2026-11-21 11:00:00", "2026-11-21 10:00:00")
    assert (rows["zoe"]["timestamp"], rows["zoe"]["score"]) == ("", "0.0")
    assert rows["cem"]["score"] == "2.25"


def test_nbgrader_writes_the_same(course: Path, tmp_path: Path) -> None:
    """Its own table where no field needs quotes, and ours through its command."""
    command = [sys.executable, "-m", "nbgrader", "export"]
    theirs, ours = tmp_path / "theirs.csv", tmp_path / "ours.csv"
    some = "--student=['zoe', 'cem']"
    for more in (
        [f"--to={theirs}", some],
        [f"--to={ours}", some, "--exporter=handtorch_classroom.exporting.Csv"],
    ):
        subprocess.run([*command, *more], cwd=course, check=True, capture_output=True, timeout=120)

    def lines(path: Path) -> list[str]:
        return sorted(path.read_text(encoding="utf-8").splitlines())

    assert lines(theirs) == lines(ours)
    assert len(lines(ours)) == 3


def results(course: Path, student: str) -> dict[str, Any]:
    folder, _ = export(course, "gradescope")
    text = (folder / student / CHAPTER / "results.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def test_gradescope_gets_every_test_and_the_mark_that_counts(course: Path) -> None:
    ann, bob = results(course, "ann"), results(course, "=bob")
    assert ann["score"] == 10
    assert [(t["number"], t["name"], t["score"], t["max_score"]) for t in ann["tests"]] == [
        ("1.1", "sums: add-visible", 2, 2),
        ("1.2", "sums: add-hidden", 3, 3),
        ("1.3", "sums: negate-visible", 1, 1),
        ("2.1", "twice: double-visible", 4, 4),
    ]
    assert bob["score"] == 0
    assert sum(t["score"] for t in bob["tests"]) == 5
    assert "sums: handed in 1 h late, 5 points taken off" in bob["output"]
    assert "twice: no notebook was handed in" in bob["output"]
    failed = {t["name"]: t for t in bob["tests"]}["sums: negate-visible"]
    assert (failed["status"], failed["output"]) == ("failed", "negate(2) is wrong")


def test_gradescope_shows_nothing_of_hidden_tests(course: Path) -> None:
    cem = results(course, "cem")
    tests = {t["name"]: t for t in cem["tests"]}
    assert tests["sums: add-hidden"]["score"] == 0
    assert "hidden parts" in tests["sums: add-hidden"]["output"]
    assert "secret" not in json.dumps(cem)
    assert tests["sums: negate-visible"]["score"] == 0.25
    assert "raised ZeroDivisionError" in cem["output"]


def test_gradescope_gets_only_what_its_documentation_names(course: Path) -> None:
    top = {"score", "execution_time", "output", "output_format", "visibility"}
    top |= {"test_output_format", "test_name_format", "stdout_visibility", "extra_data", "tests"}
    each = {"score", "max_score", "status", "name", "name_format", "number", "output"}
    each |= {"output_format", "tags", "visibility", "extra_data"}
    for student in ("ann", "=bob", "cem"):
        found = results(course, student)
        assert set(found) <= top
        for test in found["tests"]:
            assert set(test) <= each
            assert test["visibility"] in ("visible", "after_due_date", "after_published", "hidden")
            assert test["status"] in ("passed", "failed")
    folder, _ = export(course, "gradescope")
    assert sorted(p.name for p in folder.iterdir()) == ["=bob", "ann", "cem"]


def test_canvas_can_import_its_table(course: Path) -> None:
    path, _ = export(course, "canvas")
    with path.open(newline="", encoding="utf-8") as file:
        head, most, *rows = list(csv.reader(file))
    assert head == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", CHAPTER]
    assert most == ["    Points Possible", "", "", "", "", "10.00"]
    assert rows == [
        ["'=bob", "", "", "'=bob", "", "0.00"],
        ["O'Hara, Ann, the first", "4711", "", "ann", "", "10.00"],
        ["cem", "", "", "cem", "", "2.25"],
        ["zoe", "", "", "zoe", "", ""],
    ]


def test_other_places_and_what_waits(course: Path, tmp_path: Path) -> None:
    with open_gradebook(load_config(course)) as gradebook:
        grade = gradebook.find_grade("negate-visible", "sums", CHAPTER, "cem")
        grade.needs_manual_grade = True
        gradebook.db.commit()
    path, remarks = export(course, "canvas", str(tmp_path / "new" / "marks.csv"))
    assert path == tmp_path / "new" / "marks.csv"
    assert path.is_file()
    assert any("1 submissions have parts" in remark for remark in remarks)
    with pytest.raises(NotebookError, match="cannot be exported"):
        export(course, "csv", str(path / "below-a-file"))


def test_an_id_that_leads_elsewhere_is_refused(course: Path) -> None:
    config = load_config(course)
    with open_gradebook(config) as gradebook, quiet():
        gradebook.add_student("../../elsewhere")
        gradebook.add_submission(CHAPTER, "../../elsewhere")
    with pytest.raises(NotebookError, match="cannot be the name of a folder"):
        export(course, "gradescope")
    with open_gradebook(config) as gradebook:
        gradebook.remove_student("../../elsewhere")


def test_a_wrong_format_and_an_empty_gradebook_are_sentences(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    course = make_course(tmp_path)
    (course / "_config.yml").touch()
    monkeypatch.chdir(course)
    assert main(["export", "--form", "excel"]) == 1
    assert "it must be one of csv, gradescope, canvas" in capsys.readouterr().err
    for form in FORMATS:
        assert main(["export", "--form", form]) == 1
        assert "make grade SUBMISSIONS=folder" in capsys.readouterr().err
