"""What could stand where attention has its softmax: sparsemax, entmax, sigmoid, ReLU.

Softmax is the distribution p that maximizes <p, s> + H(p), with Shannon's entropy H. With another
entropy the maximum is another distribution (peters2019): Tsallis' of order alpha gives entmax,
softmax at alpha -> 1 and at alpha = 2 sparsemax, the Euclidean projection of the scores onto the
simplex (martins2016). From alpha > 1 on, low scores get a weight of exactly 0. Sigmoid
(ramapuram2024) and ReLU (wortsman2023) give up the sum of 1 and treat each score alone.

All take scores (..., S) and return weights (..., S). A score of -inf gets the weight 0; a row of
nothing else is not handled here (see `scaled_dot_product.softmax_rows`).

What this leaves out: the exact algorithm for alpha = 1.5 (peters2019) and everything about speed.
"""

import math

import torch
from torch import Tensor


def sparsemax(scores: Tensor) -> Tensor:
    """max(s - tau, 0), with the tau that makes the sum 1, found by sorting.

    Among the sorted scores the first n are in the support, for the largest n at which the n-th
    score is still above tau(n) = (sum of the first n - 1) / n.

    Example: ``[1.0, 0.5, -1.0]`` -> ``[0.75, 0.25, 0.0]``
    """
    ordered = scores.sort(-1, descending=True).values
    n = torch.arange(1, scores.shape[-1] + 1, device=scores.device, dtype=scores.dtype)
    taus = (ordered.cumsum(-1) - 1) / n
    support = (ordered > taus).sum(-1, keepdim=True)
    return (scores - taus.gather(-1, support - 1)).clamp(min=0)


def entmax(scores: Tensor, alpha: float, *, halvings: int = 40) -> Tensor:
    """max((alpha - 1) s - tau, 0) ** (1 / (alpha - 1)), with the tau that makes the sum 1.

    The sum falls as tau grows, so halving an interval finds it. A last Newton step is what
    autograd sees; its derivative is that of tau by the implicit function theorem.

    Args:
        scores: (..., S).
        alpha: above 1; the larger, the sparser. 2 is sparsemax.
        halvings: how often the interval is halved.

    Raises:
        ValueError: if alpha is not above 1.
    """
    if not alpha > 1:
        raise ValueError(f"alpha is {alpha}; it must be above 1 (at 1 the limit is softmax)")
    z, power = (alpha - 1) * scores, 1 / (alpha - 1)
    with torch.no_grad():
        # At max - 1 the largest weight alone is 1, at max no weight is left.
        low, high = z.amax(-1, keepdim=True) - 1, z.amax(-1, keepdim=True)
        for _ in range(halvings):
            middle = (low + high) / 2
            enough = ((z - middle).clamp(min=0) ** power).sum(-1, keepdim=True) >= 1
            low, high = torch.where(enough, middle, low), torch.where(enough, high, middle)
        inside = z > low
        rest = torch.where(inside, z - low, 1.0)
        slope = (power * rest ** (power - 1) * inside).sum(-1, keepdim=True)
    # Outside the support z - low would be 0 or less, where the power has no finite gradient.
    weights = torch.where(inside, torch.where(inside, z - low, 1.0) ** power, 0.0)
    tau = low + (weights.sum(-1, keepdim=True) - 1) / slope
    above = z > tau
    return torch.where(above, torch.where(above, z - tau, 1.0) ** power, 0.0)


def sigmoid_weights(scores: Tensor) -> Tensor:
    """sigmoid(s - log S): each key decides alone; S equal scores of 0 give 1 in sum, nearly."""
    return (scores - math.log(scores.shape[-1])).sigmoid()


def relu_weights(scores: Tensor) -> Tensor:
    """max(s, 0) / S: the plainest of all; weights have no upper limit."""
    return scores.clamp(min=0) / scores.shape[-1]
