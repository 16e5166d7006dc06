"""Every exercise through every gate: what stands here is why a grade can be trusted."""

import pytest

from handtorch_classroom import gates
from handtorch_classroom.exercises import (
    all_exercises,
    anatomy,
    bound_names,
    code_cells,
    ends_in_report,
    try_mutants,
)
from tests.conftest import ROOT

EXERCISES = all_exercises(ROOT)
each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=str)


@each_exercise
def test_an_exercise_has_all_its_parts(exercise):
    assert anatomy(exercise) == []


@each_exercise
def test_its_release_is_what_the_solution_generates_and_its_stub_fails_everywhere(exercise):
    assert gates.gate_release(exercise) == []


@each_exercise
def test_its_test_cells_are_whole_without_their_hidden_tests(exercise):
    tests = [cell for cell in code_cells(exercise.release) if cell.points is not None]
    assert [cell.name for cell in tests if not ends_in_report(cell.source)] == []
    results = exercise.try_answer(visible_only=True)
    assert [(r.name, r.message) for r in results if not r.passed] == []


@each_exercise
def test_the_solution_and_every_right_answer_get_full_marks(exercise):
    assert gates.gate_solution(exercise) + gates.gate_alternatives(exercise) == []


@each_exercise
def test_wrong_answers_lose_marks_and_idle_ones_get_none(exercise, record_property):
    trials = try_mutants(exercise)
    wrong = [trial for trial in trials if not trial.answer.is_idle]
    idle = [trial for trial in trials if trial.answer.is_idle]
    record_property(
        "kill_row",
        f"{exercise!s:32} {len(wrong):3} wrong, {sum(t.killed for t in wrong):3} killed, "
        f"{sum(t.killed_visibly for t in wrong):3} by visible tests; "
        f"{len(idle)} idle, {sum(not t.points for t in idle)} without marks",
    )
    assert gates.gate_mutants(exercise, trials) == []
    published = (ROOT / "book" / "kill_table.md").read_text(encoding="utf-8")
    assert gates.table_details(exercise, trials) in published, "run `make kills`"


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("a = 1", ["a"]),
        ("a, (b, *c) = d = 1, (2, 3)", ["a", "b", "c", "d"]),
        ("a += 1", ["a"]),
        ("a: int = 1", ["a"]),
        ("a.b = c[0] = 1", []),
        ("del a", ["a"]),
        ("for a, b in c: d = a", ["a", "b", "d"]),
        ("while True: a = 1", ["a"]),
        ("if a: pass\nelse: b = 1", ["b"]),
        ("with a as b, c() as (d, e): pass", ["b", "d", "e"]),
        ("import a, b.c, d.e as f", ["a", "b", "f"]),
        ("from a.b import c, d as e", ["c", "e"]),
        ("from a import *", ["*"]),
        ("try: pass\nexcept ValueError as a: b = 1\nfinally: c = 1", ["a", "b", "c"]),
        ("try: pass\nexcept* ValueError as a: pass", ["a"]),
        ("print(a := 1)", ["a"]),
    ],
)
def test_statements_bind_names(source, names):
    assert bound_names(source) == names


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("f([a for a in b], {a for a in b}, {a: c for a, c in b}, (a for a in b))", []),
        ("[[a for a in b] for b in c if b]", []),
        ("[(a := b) for b in c]", ["a"]),
        ("[a for b in c if (a := b)]", ["a"]),
        ("{a: b for a in c for b in (d := a)}", ["d"]),
        ("[[(a := b) for b in c] for c in d]", ["a"]),
        ("f(lambda a, *b: (c := a))", []),
        ("f(lambda a=(b := 1): a)", ["b"]),
        ("[lambda: (a := b) for b in c]", []),
    ],
)
def test_comprehensions_and_lambdas_keep_their_own_names(source, names):
    assert bound_names(source) == names


@pytest.mark.parametrize(
    ("case", "names"),
    [
        ("a", ["a"]),
        ("_", []),
        ("1 | None", []),
        ("[a, *b]", ["a", "b"]),
        ("[_, *_]", []),
        ("{'x': a, **b}", ["a", "b"]),
        ("C(a, x=b)", ["a", "b"]),
        ("(1 | 2) as a if (b := a)", ["a", "b"]),
    ],
)
def test_patterns_bind_what_they_capture(case, names):
    assert bound_names(f"match x:\n    case {case}:\n        pass") == names


def test_a_function_or_class_binds_its_name_and_keeps_what_is_inside():
    inside = """
    import b
    c = 1
    for d in e:
        def f(): pass
    with g as h: pass
"""
    for head in ("def a(i, *j, **k):", "async def a():", "class a:"):
        assert bound_names(head + inside) == ["a"]
    assert bound_names("def a(b=(c := 1)): pass") == ["a", "c"]
    assert bound_names("@(b := c)\nclass a((d := e)): f = 1") == ["a", "b", "d"]


def test_names_of_the_tests_own_kind_are_free():
    assert bound_names("check_a = 1\nclass CheckB: pass\ndef check_c(): d = 1") == []
    assert bound_names("checked = 1\nchecks = 2\n_check_a = 3") == ["_check_a", "checked", "checks"]


def test_a_function_may_replace_a_global_on_purpose():
    assert bound_names("def check_a():\n    global b\n    b = 1") == []


@pytest.mark.parametrize(
    ("source", "does"),
    [
        ("case(f).gives(1)\nreport()", True),
        ("report()\n# over", True),
        ("report()\ncase(f).gives(1)", False),
        ("report", False),
        ("", False),
        ("def check_a():\n    report()\n\n\ncheck_a()", True),
        ("# head\ndef check_a():\n    ### END HIDDEN TESTS\n    report()\ncheck_a()", True),
        ("def check_a():\n    report()", False),
        ("def check_a():\n    report()\n\n\ncheck_a", False),
        ("def check_a():\n    report()\n    b = 1\n\n\ncheck_a()", False),
        ("def check_a():\n    if b:\n        report()\n\n\ncheck_a()", False),
        ("def check_a():\n    report()\n\n\ndef check_a():\n    pass\n\n\ncheck_a()", False),
        ("def check_a():\n    report()\n\n\ndef check_b():\n    pass\n\n\ncheck_b()", False),
        ("def check_a():\n    report()\n\n\ncheck_a()\nb = 1", False),
        ("check_a()", False),
    ],
)
def test_where_a_test_cell_ends(source, does):
    assert ends_in_report(source) is does
