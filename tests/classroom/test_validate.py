"""nbgrader's Validate, as its button in the Lab and its command run it, on every exercise."""

import copy
from pathlib import Path

import pytest
from nbgrader.validator import Validator

from handtorch_classroom import notebooks
from handtorch_classroom.exercises import Exercise, all_exercises, code_cells
from handtorch_classroom.gradebook import load_config, quiet
from handtorch_classroom.notebooks import Notebook
from tests.conftest import ROOT

EXERCISES = all_exercises(ROOT)
each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=str)


def solved(exercise: Exercise) -> Notebook:
    """The exercise as a learner has it who wrote the solution into its answer cells."""
    notebook = copy.deepcopy(exercise.release)
    answers = {cell.name: cell.source for cell in code_cells(exercise.solution)}
    for cell in notebook.cells:
        if cell.id in exercise.solution_names():
            cell.source = answers[cell.id]
    return notebook


def validate(path: Path) -> dict[str, list[dict[str, str]]]:
    with quiet():
        return dict(Validator(config=load_config(ROOT)).validate(str(path)))


@each_exercise
def test_validate_passes_the_solution(exercise: Exercise, tmp_path: Path) -> None:
    path = tmp_path / f"{exercise.name}.ipynb"
    notebooks.write(solved(exercise), path)
    assert validate(path) == {}


@each_exercise
def test_validate_fails_every_test_of_a_fresh_exercise(exercise: Exercise) -> None:
    found = validate(exercise.release_path)
    tests = [cell.source for cell in code_cells(exercise.release) if cell.points is not None]
    failed = found.pop("failed")
    assert [one["source"] for one in failed] == tests
    assert found == {}  # no cell that changed
    assert any("not written yet" in one["raw_error"] for one in failed)
    assert [one["raw_error"] for one in failed if "Traceback" in one["raw_error"]] == []
