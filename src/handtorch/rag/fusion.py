"""Hybrid search: several rankings of the same documents become one.

Scores of different retrievers have different scales (BM25 from 0 to some tens, a cosine from -1
to 1), so they are normalized before a weighted sum (fox1994), or dropped in favor of the places:
reciprocal rank fusion gives a document 1 / (k + place) for each ranking that holds it
(cormack2009).

A ranking is a list of (id, score), best first. What this leaves out: weights that depend on the
query, and learned fusion.
"""

import math
from collections.abc import Callable, Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from handtorch.rag.dense import Ranking

Normalization = Literal["min_max", "z_score", "none"]
Floats = NDArray[np.float64]


def min_max(scores: Sequence[float]) -> Floats:
    """Scores moved and stretched so that the lowest is 0 and the highest 1.

    Equal scores, a single one included, all become 1: they were found, and say no more.
    """
    x = np.asarray(scores, dtype=np.float64)
    spread = np.ptp(x) if len(x) else 0.0
    return (x - x.min()) / spread if spread > 0 else np.ones(len(x))


def z_score(scores: Sequence[float]) -> Floats:
    """Scores moved and stretched to mean 0 and standard deviation 1; equal scores become 0."""
    x = np.asarray(scores, dtype=np.float64)
    spread = np.ptp(x) if len(x) else 0.0
    # The standard deviation of equal numbers may come out as 1e-17 instead of 0.
    return (x - x.mean()) / x.std() if spread > 0 else np.zeros(len(x))


def weighted_sum(
    rankings: Sequence[Ranking],
    weights: Sequence[float],
    normalize: Normalization = "min_max",
) -> Ranking:
    """Documents of all rankings by the weighted sum of their normalized scores, best first.

    A document that a ranking lacks gets the lowest score there: 0 after `min_max`, the least
    present value after `z_score`, and 0 with "none". A ranking of weight 0 takes no part, nor do
    the documents that it alone found. Equal sums stand in the order in which the documents are
    met, ranking after ranking.

    Raises:
        ValueError: if the weights are not one for each ranking, negative or not finite; if a
            ranking names an id twice or holds a score that is not finite.
    """
    if normalize not in get_args(Normalization):
        allowed = ", ".join(get_args(Normalization))
        raise ValueError(f"normalize is {normalize!r}; it must be one of {allowed}")
    _check(rankings, weights)
    parts = [(r, w) for r, w in zip(rankings, weights) if w > 0 and r]
    total = {id: 0.0 for ranking, _ in parts for id, _ in ranking}
    for ranking, weight in parts:
        values = _NORMALIZERS[normalize]([score for _, score in ranking])
        lowest = float(values.min()) if normalize == "z_score" else 0.0
        found = dict(zip((id for id, _ in ranking), values.tolist()))
        for id in total:
            total[id] += weight * found.get(id, lowest)
    return _sorted(total)


def reciprocal_rank_fusion(
    rankings: Sequence[Ranking], k: float = 60, weights: Sequence[float] | None = None
) -> Ranking:
    """Documents of all rankings by the sum of weight / (k + place), best first.

    Places count from 1. The scores of the rankings are not looked at. Equal sums stand in the
    order in which the documents are met, ranking after ranking.

    Args:
        k: the larger, the less the first places stand out; 60 in cormack2009.
        weights: one for each ranking; all 1 by default. A ranking of weight 0 takes no part.

    Raises:
        ValueError: if k is negative, the weights are not allowed, or a ranking names an id twice.
    """
    if not 0 <= k < math.inf:
        raise ValueError(f"k is {k}; it must be 0 or more")
    weights = [1.0] * len(rankings) if weights is None else weights
    _check(rankings, weights)
    total: dict[str, float] = {}
    for ranking, weight in zip(rankings, weights):
        for place, (id, _) in enumerate(ranking if weight > 0 else (), start=1):
            total[id] = total.get(id, 0.0) + weight / (k + place)
    return _sorted(total)


_NORMALIZERS: dict[Normalization, Callable[[Sequence[float]], Floats]] = {
    "min_max": min_max,
    "z_score": z_score,
    "none": np.asarray,
}


def _sorted(total: dict[str, float]) -> Ranking:
    return sorted(total.items(), key=lambda item: -item[1])  # stable: ties as they were met


def _check(rankings: Sequence[Ranking], weights: Sequence[float]) -> None:
    if len(weights) != len(rankings):
        raise ValueError(f"weights are {len(weights)}; they must be {len(rankings)}, one a ranking")
    for weight in weights:
        if not 0 <= weight < math.inf:
            raise ValueError(f"weights hold {weight}; each must be 0 or more")
    for number, ranking in enumerate(rankings):
        ids = [id for id, _ in ranking]
        if len(set(ids)) < len(ids):
            twice = next(id for id in ids if ids.count(id) > 1)
            raise ValueError(f"rankings[{number}] names {twice!r} twice; ids must differ")
        if not all(math.isfinite(score) for _, score in ranking):
            raise ValueError(f"rankings[{number}] holds a score that is not finite")
