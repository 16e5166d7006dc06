"""Progress: what was tried is recorded once, never lost, and shown."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from handtorch_classroom import grading, notebooks
from handtorch_classroom.attempts import FILE, Attempt, history, record
from handtorch_classroom.commands import main
from handtorch_classroom.notebooks import NotebookError
from handtorch_classroom.progress import PAGE, progress, write_page
from tests.classroom.sample_course import CHAPTER, answer, make_course

NAME = f"{CHAPTER}/sums"
TIME = "2026-11-21T10:00:00+00:00"


def attempt(score: float, answers: str, exercise: str = NAME, of: float = 6) -> Attempt:
    return Attempt(exercise, score, of, answers, TIME)


def test_other_answers_and_other_marks_are_recorded_and_nothing_twice(tmp_path: Path) -> None:
    tries = [attempt(1, "a"), attempt(1, "a"), attempt(6, "b"), attempt(5, "b"), attempt(1, "a")]
    assert [record(tmp_path, [one]) for one in tries] == [1, 0, 1, 1, 1]
    assert history(tmp_path) == ([tries[0], *tries[2:]], 0)


def test_several_writers_lose_nothing(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from handtorch_classroom.attempts import Attempt, record\n"
        "for n in range(50): record(pathlib.Path(sys.argv[1]), "
        f"[Attempt(f'c/{{m}}', n, 50, f'{{sys.argv[2]}}-{{n}}', {TIME!r}) for m in range(3)])"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    writers = [subprocess.Popen([*command, str(number)]) for number in range(3)]
    assert [writer.wait(120) for writer in writers] == [0, 0, 0]
    attempts, damaged = history(tmp_path)
    assert (len(attempts), damaged) == (3 * 50 * 3, 0)
    for number in range(3):
        mine = [a for a in attempts if a.answers.startswith(f"{number}-") and a.exercise == "c/1"]
        assert [a.score for a in mine] == list(range(50))


@pytest.mark.parametrize(
    "line",
    [
        b'{"exercise": "a/b", "sco',
        b"\x00\xff\xfe",
        b"[1, 2]",
        b"null",
        b"[" * 100_000,
        b'{"exercise": "a/b", "score": 1}',
        b'{"exercise": 1, "score": 1, "max_score": 1, "answers": "", "time": "2026-11-21"}',
        b'{"exercise": "a", "score": NaN, "max_score": 1, "answers": "", "time": "2026-11-21"}',
        b'{"exercise": "a", "score": "1", "max_score": 1, "answers": "", "time": "2026-11-21"}',
        b'{"exercise": "a", "score": 1, "max_score": 1, "answers": "", "time": "yesterday"}',
        b'{"exercise": "a", "score": 1, "max_score": 1, "answers": "", "time": 5}',
    ],
)
def test_a_damaged_line_is_left_and_costs_no_other(tmp_path: Path, line: bytes) -> None:
    record(tmp_path, [attempt(1, "a")])
    path = tmp_path / FILE
    path.write_bytes(path.read_bytes() + line)  # without its end, as after a crash
    record(tmp_path, [attempt(2, "b")])
    record(tmp_path, [attempt(3, "c")])
    attempts, damaged = history(tmp_path)
    assert [one.score for one in attempts] == [1, 2, 3]
    assert damaged == 1
    assert line in path.read_bytes()


def test_what_is_shown_of_several_attempts(tmp_path: Path) -> None:
    course = make_course(tmp_path)
    text = progress(course).text()
    assert "0 of 2 exercises solved, 0 tried" in " ".join(text.split())
    assert "make grade" in text
    record(course, [attempt(1, "a"), attempt(6, "b"), attempt(6, "b"), attempt(5, "c")])
    record(course, [attempt(4, "x", "algebra/gone", of=8)])
    (course / FILE).open("ab").write(b"not a line")
    lines = {line.split()[0]: line.split() for line in progress(course).text().splitlines() if line}
    assert lines[NAME][1:9] == ["6", "/", "6", "5", "/", "6", "3", "2026-11-21"]
    assert lines[f"{CHAPTER}/twice"][1:] == ["-", "/", "4", "-", "0", "-"]
    assert lines["algebra/gone"][1:4] == ["4", "/", "8"]
    assert lines["algebra:"][1:4] == ["0", "of", "1"]
    assert "1 lines of grading/attempts.jsonl cannot be read" in progress(course).text()


def test_the_page_says_the_same_and_asks_nobody(tmp_path: Path) -> None:
    course = make_course(tmp_path)
    record(course, [attempt(6, "<b>")])
    html = write_page(course).read_text(encoding="utf-8")
    words = " ".join(re.sub(r"<[^>]*>", " ", html.partition("<body>")[2]).split())
    assert f"{CHAPTER}: 1 of 2 solved" in words
    assert f"{NAME} 6 / 6 6 / 6 1 2026-11-21" in words
    assert "Content-Security-Policy" in html
    assert "<script" not in html
    assert not re.findall(r"""(?:src|href)\s*=|https?://""", html)


def test_what_cannot_be_opened_is_a_sentence(tmp_path: Path) -> None:
    course = make_course(tmp_path)
    (course / FILE).mkdir(parents=True)
    with pytest.raises(NotebookError, match="cannot be read"):
        progress(course)


def test_grading_oneself_is_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    course = make_course(tmp_path)
    path = course / "exercises" / CHAPTER / "sums.ipynb"
    notebook = notebooks.read(path)
    answer(notebook, "add", "def add(a, b):\n    return a + b")
    notebooks.write(notebook, path)
    assert grading.grade(course).remarks == grading.grade(course).remarks  # twice the same
    answer(notebook, "negate", "def negate(a):\n    return -a")
    notebooks.write(notebook, path)
    grading.grade(course)
    attempts, _ = history(course)
    assert [(one.exercise, one.score, one.max_score) for one in attempts] == [
        (NAME, 5, 6),
        (NAME, 6, 6),
    ]
    assert f"{CHAPTER}: 1 of 2 solved" in (course / PAGE).read_text(encoding="utf-8")
    (course / "_config.yml").touch()
    monkeypatch.chdir(course)
    assert main(["progress"]) == 0
    assert "exercises/progress.html" in capsys.readouterr().out


def test_a_record_that_cannot_be_written_costs_no_mark(tmp_path: Path) -> None:
    course = make_course(tmp_path)
    (course / FILE).mkdir(parents=True)
    report = grading.grade(course)
    assert len(report.rows) == 2
    assert any("progress was not recorded" in remark for remark in report.remarks)
