"""The process in which answers are tried: what a cell does there cannot reach its result."""

import pytest

from handtorch_classroom.trial import Cell, run_cells


def outcome(*cells, timeout=5.0):
    return [(r.name, r.passed, r.message) for r in run_cells(cells, timeout)]


def test_test_cells_are_reported_in_order_and_a_failure_stops_nothing():
    cells = [
        Cell("given", "x = 1"),
        Cell("right", "assert x == 1", points=2),
        Cell("wrong", "assert x == 2, 'x is 1'", points=3),
        Cell("error", "y", points=1),
        Cell("last", "assert True", points=1),
    ]
    assert outcome(*cells) == [
        ("right", True, ""),
        ("wrong", False, "x is 1"),
        ("error", False, "NameError: name 'y' is not defined"),
        ("last", True, ""),
    ]


def test_a_syntax_error_costs_only_its_own_cell():
    cells = [Cell("broken", "def"), Cell("fine", "assert True", points=1)]
    assert outcome(*cells) == [("fine", True, "")]


@pytest.mark.parametrize(
    "ending", ["import os; os._exit(0)", "import os, signal; os.kill(os.getpid(), 9)"]
)
def test_what_is_not_reached_gives_no_marks(ending):
    results = outcome(
        Cell("before", "assert True", points=1),
        Cell("ends", ending),
        Cell("after", "assert True", points=1),
    )
    assert results[0] == ("before", True, "")
    assert results[1][1] is False
    assert "was not reached" in results[1][2]


def test_sys_exit_and_endless_loops_are_failures_of_their_cell():
    results = outcome(
        Cell("exit", "raise SystemExit(0)", points=1),
        Cell("loop", "while True: pass", points=1),
        Cell("after", "assert True", points=1),
        timeout=0.5,
    )
    assert [r[1] for r in results] == [False, False, True]
    assert "took too long" in results[1][2]


def test_a_loop_that_swallows_every_exception_is_killed():
    stubborn = "try:\n        for _ in iter(int, 1): x = 1\n    except BaseException: pass"
    loop = f"while True:\n    {stubborn}"
    results = outcome(Cell("loop", loop, points=1), Cell("after", "1", points=1), timeout=0.4)
    assert [r[1] for r in results] == [False, False]


def test_printing_looks_like_nothing_but_printing():
    forged = "print('[\"after\", \"\"]'); import sys; sys.stdout.write('passed')"
    results = outcome(Cell("forge", forged), Cell("after", "assert False, 'no'", points=1))
    assert results == [("after", False, "no")]
