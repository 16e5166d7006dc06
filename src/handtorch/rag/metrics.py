"""Measures of a ranking: recall, precision, reciprocal rank, average precision, nDCG.

Each takes one ranking (ids, best first) and the judgments of one query (id -> grade; a grade
above 0 is relevant) and returns a number in [0, 1]. The mean of the reciprocal ranks over the
queries is the MRR, that of the average precisions the MAP.

Three conventions decide what happens at the edges, and other libraries choose otherwise:
an id that returns counts once, at its first place, and what follows moves up; a ranking shorter
than k is scored as if the missing places held irrelevant documents; a query without any relevant
document has no recall, so it is refused instead of being scored 0 or 1.

nDCG here takes the grade itself as the gain, as jarvelin2002 and trec_eval do, discounted by
log2(1 + rank); ``gain="exponential"`` takes 2^grade - 1 (burges2005). What is left out: judgments
that are missing (everything unjudged counts as irrelevant) and ties (the given order is taken).
"""

import math
from collections.abc import Mapping, Sequence
from typing import Literal

Judgments = Mapping[str, float]
Gain = Literal["linear", "exponential"]


def first_places(ranked: Sequence[str]) -> list[str]:
    """The ranking without repetitions, each id at its first place.

    Example: ``["a", "b", "a", "c"]`` -> ``["a", "b", "c"]``
    """
    return list(dict.fromkeys(ranked))


def recall_at_k(ranked: Sequence[str], relevant: Judgments, k: int) -> float:
    """The share of the relevant documents that stand in the first k places.

    Example: ``["a", "x", "b"], {"a": 1, "b": 1, "c": 1}, k=3`` -> ``2/3``

    Raises:
        ValueError: k < 1, a grade is negative or not finite, or nothing is relevant.
    """
    wanted = _relevant(relevant, k)
    return len(wanted.intersection(first_places(ranked)[:k])) / len(wanted)


def precision_at_k(ranked: Sequence[str], relevant: Judgments, k: int) -> float:
    """The share of the first k places that hold a relevant document; k stays the divisor.

    Example: ``["a", "x"], {"a": 1}, k=4`` -> ``1/4``, for two places are empty

    Raises:
        ValueError: as for `recall_at_k`.
    """
    wanted = _relevant(relevant, k)
    return len(wanted.intersection(first_places(ranked)[:k])) / k


def reciprocal_rank(ranked: Sequence[str], relevant: Judgments, k: int | None = None) -> float:
    """1 / the place of the first relevant document; 0 if there is none in the first k places.

    Example: ``["x", "a"], {"a": 1}`` -> ``1/2``

    Raises:
        ValueError: as for `recall_at_k`.
    """
    wanted = _relevant(relevant, k)
    for place, id in enumerate(first_places(ranked)[:k], start=1):
        if id in wanted:
            return 1 / place
    return 0.0


def average_precision(ranked: Sequence[str], relevant: Judgments, k: int | None = None) -> float:
    """The mean, over all relevant documents, of the precision at the place of each.

    A relevant document that is not in the first k places adds 0, so the divisor is the number of
    relevant documents even where k is smaller: with ``k=1`` and two of them, the best is 1/2.

    Example: ``["a", "x", "b"], {"a": 1, "b": 1}`` -> ``(1/1 + 2/3) / 2``

    Raises:
        ValueError: as for `recall_at_k`.
    """
    wanted = _relevant(relevant, k)
    found, total = 0, 0.0
    for place, id in enumerate(first_places(ranked)[:k], start=1):
        if id in wanted:
            found += 1
            total += found / place
    return total / len(wanted)


def dcg(gains: Sequence[float]) -> float:
    """Discounted cumulative gain: the sum of gain / log2(1 + place), places counted from 1."""
    return sum(gain / math.log2(1 + place) for place, gain in enumerate(gains, start=1))


def ndcg_at_k(
    ranked: Sequence[str], relevant: Judgments, k: int, *, gain: Gain = "linear"
) -> float:
    """The DCG of the first k places, divided by that of the best possible order.

    Example: ``["x", "a"], {"a": 1}, k=2`` -> ``1 / log2(3) = 0.63``

    Raises:
        ValueError: as for `recall_at_k`, or `gain` is neither of the two.
    """
    if gain not in ("linear", "exponential"):
        raise ValueError(f'gain is {gain!r}; it may be "linear" or "exponential"')
    _relevant(relevant, k)
    gains = {
        id: float(grade) if gain == "linear" else 2.0**grade - 1 for id, grade in relevant.items()
    }
    best = sorted(gains.values(), reverse=True)[:k]
    return dcg([gains.get(id, 0.0) for id in first_places(ranked)[:k]]) / dcg(best)


def _relevant(relevant: Judgments, k: int | None) -> set[str]:
    """The ids whose grade is above 0, once k and the grades have been checked."""
    if k is not None and k < 1:
        raise ValueError(f"k is {k}; it must be at least 1")
    for id, grade in relevant.items():
        if not (math.isfinite(grade) and grade >= 0):
            raise ValueError(f"the grade of {id!r} is {grade}; it must be finite and at least 0")
    wanted = {id for id, grade in relevant.items() if grade > 0}
    if not wanted:
        raise ValueError(
            f"relevant has no grade above 0 (it holds {len(relevant)} ids): a query without a"
            " relevant document cannot be scored"
        )
    return wanted
