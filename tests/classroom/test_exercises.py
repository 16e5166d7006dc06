"""Every exercise through every gate: what stands here is why a grade can be trusted."""

import pytest

from handtorch_classroom import gates
from handtorch_classroom.exercises import all_exercises, anatomy, try_mutant
from tests.conftest import ROOT

EXERCISES = all_exercises(ROOT)
MUTANTS = [(e, m) for e in EXERCISES for m in e.mutants()]
each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=str)


@each_exercise
def test_an_exercise_has_all_its_parts(exercise):
    assert anatomy(exercise) == []


@each_exercise
def test_its_release_is_what_the_solution_generates_and_its_stub_fails_everywhere(exercise):
    assert gates.gate_release(exercise) == []


@each_exercise
def test_the_solution_and_every_right_answer_get_full_marks(exercise):
    assert gates.gate_solution(exercise) + gates.gate_alternatives(exercise) == []


@each_exercise
def test_wrong_answers_lose_marks_and_idle_ones_get_none(exercise, record_property):
    trials = [try_mutant(exercise, mutant) for mutant in exercise.mutants()]
    wrong = [trial for trial in trials if not trial.answer.is_idle]
    record_property(
        "kill_row",
        f"{exercise!s:32} {len(wrong):3} wrong, {sum(t.killed for t in wrong):3} killed, "
        f"{sum(t.killed_visibly for t in wrong):3} by visible tests; "
        f"{len(trials) - len(wrong)} idle, {sum(not t.points for t in trials):2} without marks",
    )
    assert gates.gate_mutants(exercise, trials) == []
    published = (ROOT / "book" / "kill_table.md").read_text(encoding="utf-8")
    assert gates.table_details(exercise, trials) in published, "run `make kills`"
