"""The helpers of test cells: they accept what is right, and say what is wrong."""

import re

import numpy as np
import pytest
import torch

from handtorch_classroom.checks import (
    CheckFailed,
    by_hand,
    case,
    largest_tensor,
    report,
    require,
)


@pytest.fixture(autouse=True)
def fresh_count():
    """Each test begins as a test cell does, with no check counted."""
    with pytest.raises(CheckFailed):
        require(False, "")


def failure(call):
    """The message of a check that must fail."""
    with pytest.raises(CheckFailed) as caught:
        call()
    return str(caught.value)


def returns(value):
    def answer(*_):
        return value

    return answer


def test_a_wrong_value_is_explained_with_the_mistake_that_gives_it():
    message = failure(
        lambda: case(sorted, [2, 1]).gives([2, 1], why="by hand", mistakes=[([1, 2], "reversed")])
    )
    assert message.splitlines() == [
        "sorted([2, 1]) is wrong, first at position 0",
        "  expected  [2, 1]",
        "  got       [1, 2]",
        "  why       by hand",
        "  likely    reversed",
    ]


@pytest.mark.parametrize(
    ("got", "want"),
    [
        ((1, "a"), [1, "a"]),
        ([("a", "b")], (["a", "b"],)),
        (np.int64(3), 3),
        (0.1 + 0.2, 0.3),
        (np.float32(0.5), 0.5),
        ({"a": [1]}, {"a": (1,)}),
        (frozenset({1}), {1}),
        (float("nan"), float("nan")),
        (np.arange(3), np.arange(3)),
        (torch.arange(3.0), torch.arange(3.0)),
    ],
)
def test_equal_values_of_equal_kind_pass(got, want):
    case(returns(got)).gives(want)


@pytest.mark.parametrize(
    ("got", "want", "says"),
    [
        (True, 1, "int was expected, not bool"),
        (1.0, 1, "int was expected, not float"),
        ("12", 12, "int was expected, not str"),
        ([1, 2, 3], [1, 2], "its length is 3, not 2"),
        ({"a": 1}, {"a": 1, "b": 2}, "the key 'b' is missing"),
        ({"a": 1, "b": 2}, {"a": 1}, "the key 'b' should not be there"),
        (iter([1]), [1], "list was expected"),
        (None, [], "list was expected, not NoneType"),
        (0.1, 0.2, "is wrong"),
        (np.zeros((2, 3)), np.zeros((3, 2)), "its shape is (2, 3), not (3, 2)"),
        (np.zeros(2), np.array([0.0, 1e-3]), "most at [1], where 0 came for 0.001"),
        (np.zeros((2, 50)), np.eye(2, 50), "most at [0, 0], where 0 came for 1"),
        (torch.full((2,), torch.nan), torch.zeros(2), "2 of 2 values differ, most at [0]"),
        (
            torch.eye(9) > 0,
            torch.ones(9, 9) > 0,
            "72 of 81 values differ, first at [0, 1], where F",
        ),
        (torch.ones(2), torch.ones(2).double(), "its dtype is torch.float32, not torch.float64"),
        ((1, torch.ones(9, 9)), (1, torch.eye(9)), "first at position 1: 72 of 81 values differ"),
        (torch.ones(2).bfloat16(), torch.zeros(2).bfloat16(), "where 1 came for 0"),
        (np.zeros(2, dtype=int), np.zeros(2), "its dtype is int64"),
        (torch.zeros(2), np.zeros(2), "ndarray was expected, not Tensor"),
    ],
)
def test_other_values_and_other_kinds_fail(got, want, says):
    assert says in failure(lambda: case(returns(got)).gives(want))


def test_an_object_that_agrees_with_everything_does_not_pass():
    class Yes(list):
        def __eq__(self, other):
            return True

        def __len__(self):
            return 1

    for want in ([1], 1, "a", {"a": 1}, {1}, 0.5, np.zeros(1)):
        failure(lambda want=want: case(returns(Yes())).gives(want))


def test_a_function_that_changes_its_argument_is_caught_and_the_argument_survives():
    words = ["a", "b"]
    message = failure(lambda: case(list.clear, words).value())
    assert "changes its argument" in message
    assert words == ["a", "b"]


def test_an_exception_names_the_line_it_came_from():
    def divide(x):
        return 1 // x

    message = failure(lambda: case(divide, 0).gives(0))
    assert "divide(0) stopped" in message
    assert "ZeroDivisionError" in message
    assert "return 1 // x" in message


def test_a_stub_is_said_to_be_unwritten():
    def stub():
        raise NotImplementedError

    assert failure(lambda: case(stub).gives(1)) == "stub is not written yet"


def test_raises_wants_the_error_and_its_name():
    case(int, "x").raises(ValueError, naming="x")
    assert "accepts what it should refuse" in failure(lambda: case(int, "1").raises(ValueError))
    assert "is no help" in failure(lambda: case(int, "x").raises(ValueError, naming="num_merges"))
    assert "TypeError" in failure(lambda: case(int, []).raises(ValueError))


@pytest.mark.parametrize("truthy", [1, "yes", [0], None, np.array([True])])
def test_require_wants_true_and_nothing_like_it(truthy):
    failure(lambda: require(truthy, "m"))


def test_a_cell_that_checked_nothing_fails(capsys):
    require(True, "")
    report()
    assert capsys.readouterr().out == "1 check passed\n"
    assert failure(report) == "this cell checked nothing"


def test_a_failed_case_is_not_counted(capsys):
    failure(lambda: case(returns(1)).gives(2))
    failure(report)


def test_by_hand_accepts_the_standard_library_and_own_helpers():
    def helper(n):
        return [factorial(k) for k in range(n)]

    def answer(n):
        return helper(n)

    from math import factorial

    by_hand(answer, helper)


def test_by_hand_finds_a_library_wherever_it_hides():
    import tokenizers
    from tokenizers import Tokenizer

    def imports():
        import tokenizers

        return tokenizers

    def from_imports():
        from handtorch.tokenizer import bpe

        return bpe

    def by_closure():
        return Tokenizer

    def by_default(library=tokenizers):
        return library

    def by_name():
        return __import__("token" + "izers")

    def nested():
        return [imports() for _ in range(2)]

    class Wrapped:
        def method(self):
            return imports()

        @property
        def value(self):
            return imports()

    for function in (imports, from_imports, by_closure, by_default, by_name, nested, Wrapped):
        assert "which the rules do not allow" in failure(lambda f=function: by_hand(f))


def test_by_hand_does_not_take_a_method_for_the_builtin_of_its_name():
    def answer(text):
        compiled = re.compile("a")
        return compiled.findall(text)

    by_hand(answer)


def test_by_hand_leaves_the_names_of_variables_to_their_owner():
    def route(text, tokenizers):
        transformers = [tokenizer(text) for tokenizer in tokenizers]
        return lambda: transformers

    by_hand(route)


def test_by_hand_finds_a_name_given_to_getattr():
    def attention(q, k, v):
        return getattr(torch.nn.functional, "scaled_dot_product_attention")(q, k, v)  # noqa: B009

    without = ["scaled_dot_product_attention"]
    assert "scaled_dot_product_attention" in failure(lambda: by_hand(attention, without=without))


def test_of_a_long_value_only_the_part_that_differs_is_shown():
    long = {n: [n] * 3 for n in range(50)}
    message = failure(lambda: case(returns({**long, 7: [7, 0, 7]})).gives(long))
    assert "first at the key 7" in message
    assert "expected  7" in message
    assert "got       0" in message


def test_by_hand_takes_further_names():
    def attention(q, k, v):
        return torch.nn.functional.scaled_dot_product_attention(q, k, v)

    by_hand(attention)
    without = ["scaled_dot_product_attention"]
    assert "scaled_dot_product_attention" in failure(lambda: by_hand(attention, without=without))


def test_the_largest_tensor_of_a_call_is_measured_by_its_storage():
    def outer(x):
        return (x[:, None] * x[None, :]).sum()

    def views(x):
        wide = x[:, None].expand(-1, 1000)  # a view, however wide
        return wide[:, 0] + 1

    x = torch.ones(100)
    assert largest_tensor(outer, x) == 4 * 100 * 100
    assert largest_tensor(views, x) == 4 * 100
    assert largest_tensor(lambda x: x, x) == 0
    assert failure(lambda: largest_tensor(outer, "text")).startswith("outer('text') stopped")
