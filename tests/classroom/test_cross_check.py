"""The answers of an exercise, graded as a class, get what the gates found; or it is said."""

from pathlib import Path

import pytest

from handtorch_classroom import cross_check
from handtorch_classroom.commands import main
from handtorch_classroom.cross_check import defined_alone, without
from handtorch_classroom.exercises import Exercise
from tests.classroom.sample_course import CHAPTER, make_course

ANSWERS = {
    "alternatives/sums/swapped": '"""The other way round."""\ndef add(a, b):\n    return b + a',
    "mutants/sums/minus": '"""Subtracts."""\ndef add(a, b):\n    return a - b',
    "mutants/sums/wraps": '"""More."""\nolder = negate\ndef negate(a):\n    return older(a) + 1',
    "mutants/twice/idle_library": (
        '"""Asks a library."""\nimport handtorch\ndef double(a):\n    return handtorch.double(a)'
    ),
}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    course = make_course(tmp_path_factory.mktemp("course"))
    (course / "_config.yml").touch()
    for name, source in ANSWERS.items():
        kind, exercise, answer = name.split("/")
        path = course / "tests" / CHAPTER / kind / exercise / f"{answer}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return course


def test_marks_are_those_of_the_gates(course: Path) -> None:
    verdicts = cross_check.cross_check(course)
    assert [str(verdict) for verdict in verdicts if not verdict.agrees] == []
    found = {(str(v.exercise), v.answer.name if v.answer else ""): v.row.score for v in verdicts}
    assert found == {
        (f"{CHAPTER}/sums", ""): 6,
        (f"{CHAPTER}/sums", "swapped"): 6,
        (f"{CHAPTER}/sums", "minus"): 1,
        (f"{CHAPTER}/sums", "wraps"): 5,
        (f"{CHAPTER}/twice", ""): 4,
        (f"{CHAPTER}/twice", "idle_library"): 0,
    }
    assert not (course / "grading").exists() or not (course / "grading" / "submitted").exists()


def test_what_differs_is_named(
    course: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Exercise, "try_answer", lambda self, answer: [])
    monkeypatch.chdir(course)
    assert main(["mutants", f"{CHAPTER}/twice"]) == 1
    said = capsys.readouterr()
    assert f"DIFFERS  {CHAPTER}/twice: the solution: 4 marks, the gates found 0." in said.err
    assert "2 answers graded in" in said.out
    assert "1 marks differ" in said.out


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("def f(): return g()\nclass C: pass", {"f", "C"}),
        ("old = f\ndef f(): return old()", set()),
        ("def f(g=f): return g()", set()),
        ("class C(C): pass", set()),
        ("@f\ndef g(): pass\ndef f(): pass", {"g"}),
        ("f = 1", set()),
    ],
)
def test_what_an_answer_defines_alone(source: str, names: set[str]) -> None:
    assert defined_alone(source) == names


def test_definitions_are_taken_out_with_their_decorators() -> None:
    source = "a = 1\n@cache\n@other\ndef f():\n    pass\n\nclass C:\n    x = 1\nb = 2"
    assert without(source, {"f"}) == "a = 1\n\nclass C:\n    x = 1\nb = 2"
    assert without(source, {"f", "C"}) == "a = 1\n\nb = 2"
