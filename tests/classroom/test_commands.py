"""The commands behind the Makefile: they do what they say and refuse with one sentence."""

import shutil

import pytest

from handtorch_classroom import notebooks
from handtorch_classroom.commands import main
from handtorch_classroom.exercises import Exercise
from handtorch_classroom.release import release


@pytest.fixture
def course(root, tmp_path, monkeypatch):
    """A copy of the one exercise bpe, in which commands may write."""
    for folder in ("solutions", "exercises"):
        (tmp_path / folder / "tokenizer").mkdir(parents=True)
        shutil.copy(root / folder / "tokenizer" / "bpe.ipynb", tmp_path / folder / "tokenizer")
    for name in ("_config.yml", "nbgrader_config.py"):
        shutil.copy(root / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_reset_puts_back_the_release_and_keeps_the_work(course, capsys):
    path = course / "exercises" / "tokenizer" / "bpe.ipynb"
    fresh = path.read_text(encoding="utf-8")
    mine = fresh.replace("raise NotImplementedError", "return []")
    path.write_text(mine, encoding="utf-8")
    assert main(["reset", "tokenizer/bpe"]) == 0
    assert path.read_text(encoding="utf-8") == fresh
    (kept,) = (course / "kept").iterdir()
    assert kept.read_text(encoding="utf-8") == mine
    assert str(kept.relative_to(course)) in capsys.readouterr().out


def test_reset_of_a_fresh_exercise_changes_nothing(course, capsys):
    assert main(["reset", "tokenizer/bpe"]) == 0
    assert "already" in capsys.readouterr().out
    assert not (course / "kept").exists()


def test_reset_brings_back_a_deleted_or_broken_exercise(course):
    path = course / "exercises" / "tokenizer" / "bpe.ipynb"
    fresh = path.read_text(encoding="utf-8")
    path.write_bytes(b"{broken")
    assert main(["reset", "tokenizer/bpe"]) == 0
    assert path.read_text(encoding="utf-8") == fresh
    path.unlink()
    assert main(["reset", "tokenizer/bpe"]) == 0
    assert path.read_text(encoding="utf-8") == fresh


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["reset", "tokenizer/nothing"], "no exercise is called 'tokenizer/nothing'"),
        (["reset", "bpe"], "make reset EX=tokenizer/bpe"),
        (["check"], "name what to check"),
        (["start", "--port", "abc"], "PORT=abc is no port"),
        (["check", "--exercise", "tokenizer/nothing"], "there are: tokenizer/bpe"),
        (["run", "missing.ipynb"], "missing.ipynb: no such notebook"),
    ],
)
def test_a_wrong_name_is_answered_with_what_there_is(course, capsys, arguments, says):
    assert main(arguments) == 1
    error = capsys.readouterr().err
    assert says in error
    assert "Traceback" not in error


def test_commands_refuse_to_run_elsewhere(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["book"]) == 1
    assert "not the top of the repository" in capsys.readouterr().err


def test_the_release_has_no_solution_hidden_test_or_instructor_cell(root):
    text = notebooks.dumps(release(Exercise(root, "tokenizer", "bpe")))
    for secret in ("HIDDEN TESTS", "BEGIN SOLUTION", "plain_merges", "what it costs"):
        assert secret not in text
    assert text.count("raise NotImplementedError") == 2
