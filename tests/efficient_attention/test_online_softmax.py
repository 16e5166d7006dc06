"""One pass over chunks equals the usual softmax, however the scores are cut."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from handtorch.efficient_attention.online_softmax import (
    merge,
    merge_outputs,
    online_softmax,
    partial_softmax,
    softmax_in_chunks,
)

INF = math.inf
finite = st.floats(-1e4, 1e4, width=32)
scores_with_holes = st.lists(st.one_of(finite, st.just(-INF)), max_size=24)


def cut(x, places, dim=-1):
    """Cut a tensor at these places, in any order and with repeats: some chunks are empty."""
    edges = [0, *sorted(min(place, x.shape[dim]) for place in places), x.shape[dim]]
    return [x.narrow(dim, a, b - a) for a, b in zip(edges, edges[1:])]


def test_worked_by_hand():
    """Scores log 1, log 2 | log 5: m = log 2 and l = 3/2, then m = log 5 and l = 8/5."""
    x = torch.tensor([1.0, 2.0, 5.0]).log()
    values = torch.tensor([[8.0], [16.0], [24.0]])
    first = partial_softmax(x[:2], values[:2])
    torch.testing.assert_close(first.maximum.exp(), torch.tensor(2.0))
    torch.testing.assert_close(first.total, torch.tensor(1.5))
    torch.testing.assert_close(first.weighted, torch.tensor([0.5 * 8 + 16]))
    both = merge(first, partial_softmax(x[2:], values[2:]))
    torch.testing.assert_close(both.total, torch.tensor(8 / 5))
    torch.testing.assert_close(both.lse.exp(), torch.tensor(8.0))
    torch.testing.assert_close(both.output, torch.tensor([(8 + 32 + 120) / 8]))


@settings(deadline=None, max_examples=150)
@given(scores_with_holes, st.lists(st.integers(0, 24), max_size=6), st.randoms())
def test_neither_cuts_nor_order_matter(scores, places, random):
    x = torch.tensor(scores, dtype=torch.float64)
    values = torch.linspace(-1, 1, 2 * len(scores), dtype=torch.float64).view(-1, 2)
    chunks = list(zip(cut(x, places), cut(values, places, 0)))
    random.shuffle(chunks)
    state = online_softmax(chunks)
    if any(score > -INF for score in scores):
        torch.testing.assert_close(state.output, x.softmax(-1) @ values)
        torch.testing.assert_close(state.lse, x.logsumexp(-1))
    else:
        assert torch.equal(state.output, torch.zeros(2, dtype=torch.float64))
        assert state.lse == -INF


@settings(deadline=None, max_examples=50)
@given(st.lists(finite, min_size=1, max_size=24), st.lists(st.integers(0, 24), max_size=6))
def test_softmax_in_chunks_equals_softmax(scores, places):
    x = torch.tensor(scores, dtype=torch.float64)
    chunks = cut(x, places)
    found = softmax_in_chunks(chunks)
    assert [chunk.shape for chunk in found] == [chunk.shape for chunk in chunks]
    torch.testing.assert_close(torch.cat(found), x.softmax(-1))


def test_rows_are_independent_and_batched():
    x, values = torch.randn(2, 3, 5, 10), torch.randn(2, 3, 1, 10, 4)
    state = online_softmax(zip(cut(x, [3, 7]), cut(values, [3, 7], -2)))
    torch.testing.assert_close(state.output, x.softmax(-1) @ values[:, :, 0])
    torch.testing.assert_close(state.lse, x.logsumexp(-1))


def test_huge_scores_do_not_overflow():
    x = torch.tensor([1e30, -1e30, 3e38, 3e38, -INF])
    parts = [(chunk, torch.eye(5)[i : i + 1]) for i, chunk in enumerate(x.split(1))]
    state = online_softmax(parts)
    torch.testing.assert_close(state.output, torch.tensor([0.0, 0, 0.5, 0.5, 0]))
    assert state.maximum == x[2]


def test_hidden_and_empty_rows_are_zeros_and_neutral():
    hidden = partial_softmax(torch.full((2, 3), -INF), torch.ones(2, 3, 4))
    empty = partial_softmax(torch.empty(2, 0), torch.empty(2, 0, 4))
    some = partial_softmax(torch.randn(2, 5), torch.randn(2, 5, 4))
    for nothing in (hidden, empty, merge(hidden, empty)):
        assert torch.equal(nothing.output, torch.zeros(2, 4))
        assert torch.equal(nothing.lse, torch.full((2,), -INF))
        for merged in (merge(nothing, some), merge(some, nothing)):
            assert all(torch.equal(a, b) for a, b in zip(merged, some))
    assert torch.equal(softmax_in_chunks([torch.full((3,), -INF)])[0], torch.zeros(3))


def test_half_precision_is_added_up_in_float32():
    """The sum of 4,096 equal exponentials is 4096; in float16 ones stop adding up at 2048."""
    x = torch.zeros(4096, dtype=torch.float16)
    state = online_softmax((chunk, chunk[:, None] + 1) for chunk in x.split(1))
    assert state.total.dtype == torch.float32
    assert state.total == 4096
    assert state.output == 1
    assert softmax_in_chunks(x.split(100))[0].dtype == torch.float16


def test_finished_outputs_merge_like_states():
    x, values = torch.randn(3, 12, dtype=torch.float64), torch.randn(12, 4, dtype=torch.float64)
    x[0] = -INF  # nothing in any part
    x[1, :4] = -INF  # nothing in the first part
    parts = [partial_softmax(*part) for part in zip(cut(x, [4, 7]), cut(values, [4, 7], 0))]
    out, lse = merge_outputs(
        torch.stack([part.output for part in parts]), torch.stack([part.lse for part in parts])
    )
    torch.testing.assert_close(out[1:], x[1:].softmax(-1) @ values)
    torch.testing.assert_close(lse[1:], x[1:].logsumexp(-1))
    assert torch.equal(out[0], torch.zeros(4, dtype=torch.float64))
    assert lse[0] == -INF


def test_no_chunks_is_an_error():
    with pytest.raises(ValueError, match="chunks is empty"):
        online_softmax([])
