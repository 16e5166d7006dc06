"""Softmax over scores that arrive in chunks, in one pass, and the merge of two partial results.

Softmax needs the maximum of all scores before it can add up their exponentials. Milakov and
Gimelshein (milakov2018) do both in one pass: keep the largest score so far and the sum relative
to it, and when a larger score turns up, scale the old sum down. Rabe and Staats (rabe2021) and
FlashAttention (dao2022) carry the weighted sum of the values along in the same way, so that
attention never needs all scores at once. `tiled` and `decoding` are built on this.

What this leaves out: scores of plus infinity, for which softmax is not defined either.
"""

import math
from collections.abc import Iterable, Sequence
from functools import reduce
from typing import NamedTuple

import torch
from torch import Tensor


class SoftmaxState(NamedTuple):
    """What is left of some scores x_j and values v_j, of any number: O(1) for each row."""

    maximum: Tensor  # (...)      m = max_j x_j, minus infinity if there is nothing to attend to
    total: Tensor  # (...)        l = sum_j exp(x_j - m)
    weighted: Tensor  # (..., Dv) sum_j exp(x_j - m) v_j

    @property
    def output(self) -> Tensor:
        """softmax(x) @ v, shape (..., Dv); zeros where no score is above minus infinity."""
        return self.weighted / self.total.masked_fill(self.total == 0, 1)[..., None]

    @property
    def lse(self) -> Tensor:
        """log(sum_j exp(x_j)), shape (...); minus infinity where there is nothing."""
        return self.maximum + self.total.log()


def partial_softmax(scores: Tensor, values: Tensor) -> SoftmaxState:
    """The state of one chunk.

    Args:
        scores: (..., N); minus infinity hides a position. N may be 0.
        values: (..., N, Dv), broadcast over the rows that share them.
    """
    scores = scores.to(_at_least_float32(scores))
    maximum = _largest(scores)
    weights = (scores - _finite(maximum)[..., None]).exp()
    return SoftmaxState(maximum, weights.sum(-1), _weigh(weights, values.to(scores.dtype)))


def merge(a: SoftmaxState, b: SoftmaxState) -> SoftmaxState:
    """The state of both chunks together: associative and commutative, up to rounding."""
    maximum = torch.maximum(a.maximum, b.maximum)
    shift = _finite(maximum)
    scale_a, scale_b = (a.maximum - shift).exp(), (b.maximum - shift).exp()
    return SoftmaxState(
        maximum,
        a.total * scale_a + b.total * scale_b,
        a.weighted * scale_a[..., None] + b.weighted * scale_b[..., None],
    )


def online_softmax(chunks: Iterable[tuple[Tensor, Tensor]]) -> SoftmaxState:
    """Go once through chunks of (scores, values); the order and the cuts do not matter.

    Raises:
        ValueError: if there is no chunk at all (a chunk without scores is fine).
    """
    states = (partial_softmax(scores, values) for scores, values in chunks)
    first = next(states, None)
    if first is None:
        raise ValueError("chunks is empty; it must hold at least one pair of scores and values")
    return reduce(merge, states, first)


def softmax_in_chunks(chunks: Sequence[Tensor]) -> list[Tensor]:
    """softmax of the chunks put together along the last dimension, returned in the same chunks.

    Two passes over the scores, one for maximum and sum at once and one to divide, where the
    usual stable softmax needs three. Rows without any score above minus infinity become zeros.
    """
    no_values = ((x, x.new_empty(*x.shape, 0)) for x in chunks)
    state = online_softmax(no_values)
    # exp(x - lse) is the softmax; where lse is minus infinity every score is, too.
    return [(x - _finite(state.lse)[..., None]).exp().to(x.dtype) for x in chunks]


def merge_outputs(outputs: Tensor, lses: Tensor) -> tuple[Tensor, Tensor]:
    """Attention over all keys from attention over parts of them.

    softmax over all keys gives part n the share exp(lse_n) / sum_m exp(lse_m), which is a softmax
    over the parts: a finished output and its log-sum-exp are as good as a `SoftmaxState`.

    Args:
        outputs: (N, ..., Dv), one output for each part.
        lses: (N, ...), the log-sum-exp of the scores of each part.

    Returns:
        the output (..., Dv) and the log-sum-exp (...) of all parts together.
    """
    state = partial_softmax(lses.movedim(0, -1), outputs.movedim(0, -2))
    return state.output, state.lse


def _largest(scores: Tensor) -> Tensor:
    if scores.shape[-1] == 0:  # amax refuses to name the largest of nothing
        return scores.new_full(scores.shape[:-1], -math.inf)
    return scores.amax(-1)


def _finite(maximum: Tensor) -> Tensor:
    """What to subtract: where all scores are -inf, -inf - -inf would be NaN, -inf - 0 is not."""
    return maximum.masked_fill(maximum == -math.inf, 0)


def _weigh(weights: Tensor, values: Tensor) -> Tensor:
    return (weights[..., None, :] @ values).squeeze(-2)


def _at_least_float32(x: Tensor) -> torch.dtype:
    return x.dtype if x.dtype == torch.float64 else torch.float32
