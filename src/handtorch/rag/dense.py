"""Exact dense retrieval: every vector is compared with the query, by one matrix product.

The score is the inner product; of vectors of length 1 (`normalize`) it is the cosine. This is the
flat index of the libraries, the yardstick of every approximate one: it reads all n d numbers for
a query, and a batch of queries shares one reading.

What this leaves out: indexes that look at a part of the vectors (`ivf`, `hnsw`,
`projection_trees`), compressed vectors (`product_quantization`), and filters (`filtering`).
"""

import math
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.floating[Any]]
Ranking = list[tuple[str, float]]
Id = TypeVar("Id")
BATCH = 64  # queries whose scores are held at once


def normalize(x: Vectors) -> Vectors:
    """Vectors (..., d) divided by their Euclidean lengths; a vector of zeros stays as it is.

    Each vector is first divided by its largest entry, so that squares neither overflow nor vanish.

    Raises:
        ValueError: if a number is NaN or infinite.
    """
    x = _floats(x, "x")
    peak = np.abs(x).max(axis=-1, keepdims=True, initial=0)
    x = np.divide(x, peak, out=np.zeros_like(x), where=peak > 0)
    length = np.sqrt((x * x).sum(axis=-1, keepdims=True))
    unit: Vectors = np.divide(x, length, out=np.zeros_like(x), where=length > 0)
    return unit


def top_k(scores: Vectors, k: int) -> NDArray[np.intp]:
    """Positions of the k highest of n scores, highest first, equal ones in their given order.

    Selecting costs O(n) and only the k chosen are sorted. With k > n all n are returned.

    Raises:
        ValueError: if k < 1, or a score is NaN.
    """
    check_k(k)
    scores = np.asarray(scores)
    n = len(scores)
    if n and np.isnan(scores.max()):
        raise ValueError("scores hold NaN; they must be numbers")
    if k >= n:
        return np.asarray(np.argsort(-scores, kind="stable"))
    candidates = np.flatnonzero(scores >= _lower_bound(scores, k))
    scores = scores[candidates]
    # Partial selection leaves open which of several equal scores it takes: only the threshold
    # comes from it, the positions from comparisons.
    threshold = np.partition(scores, len(scores) - k)[-k]
    above = np.flatnonzero(scores > threshold)
    level = np.flatnonzero(scores == threshold)[: k - len(above)]
    above = above[np.argsort(-scores[above], kind="stable")]
    return np.asarray(candidates[np.concatenate([above, level])])


def _lower_bound(scores: Vectors, k: int, groups: int = 1024) -> float:
    """A number that at least k scores reach, found by one fast pass.

    The scores are dealt to `groups` groups; the maxima of k of them are k scores. The k-th
    largest of the maxima leaves few scores to select from, where partition alone moves them all.
    """
    if not 4 * k <= groups <= len(scores) // 4:
        return -math.inf
    even = len(scores) - len(scores) % groups
    maxima = scores[:even].reshape(-1, groups).max(axis=0)
    return float(np.partition(maxima, groups - k)[-k])


class DenseIndex:
    """Exact search by inner product over n vectors of size d.

    Args:
        ids: n different ids.
        vectors: (n, d), finite. They are kept in their dtype, or as float64 if they are integers.

    Raises:
        ValueError: if ids repeat, sizes disagree, or a number is NaN or infinite.
    """

    def __init__(self, ids: Sequence[str], vectors: Vectors) -> None:
        self.ids = list(ids)
        self.vectors = np.ascontiguousarray(_floats(vectors, "vectors"))
        if self.vectors.ndim != 2 or len(self.vectors) != len(self.ids):
            raise ValueError(
                f"vectors have shape {self.vectors.shape}; for {len(self.ids)} ids they must be "
                f"({len(self.ids)}, d)"
            )
        if len(set(self.ids)) < len(self.ids):
            repeated = next(id for id in self.ids if self.ids.count(id) > 1)
            raise ValueError(f"id {repeated!r} occurs twice; ids must differ")

    def __len__(self) -> int:
        return len(self.ids)

    def search(self, query: Vectors, k: int = 10) -> Ranking:
        """The k vectors with the largest inner product with a query (d,), as (id, score).

        Raises:
            ValueError: if k < 1, or the query has the wrong size or a number that is not finite.
        """
        return self.search_batch(np.asarray(query)[None], k)[0]

    def search_batch(self, queries: Vectors, k: int = 10) -> list[Ranking]:
        """A ranking for each of the queries (m, d); see `search`."""
        positions, scores = self.nearest(queries, k)
        return [
            [(self.ids[i], s) for i, s in zip(row, row_scores)]
            for row, row_scores in zip(positions.tolist(), scores.tolist())
        ]

    def nearest(self, queries: Vectors, k: int = 10) -> tuple[NDArray[np.intp], Vectors]:
        """Positions and scores, each (m, min(k, n)), of the best for the queries (m, d)."""
        check_k(k)
        queries = _floats(queries, "query").astype(self.vectors.dtype, copy=False)
        if queries.ndim != 2 or queries.shape[1] != self.vectors.shape[1]:
            raise ValueError(
                f"query has shape {queries.shape[1:]}; it must be ({self.vectors.shape[1]},)"
            )
        k = min(k, len(self))
        positions = np.zeros((len(queries), k), dtype=np.intp)
        scores = np.zeros((len(queries), k), dtype=self.vectors.dtype)
        for start in range(0, len(queries) if k else 0, BATCH):
            block = queries[start : start + BATCH] @ self.vectors.T  # (BATCH, n)
            for i, row in enumerate(block, start):
                positions[i] = top_k(row, k)
                scores[i] = row[positions[i]]
        return positions, scores


def check_k(k: int) -> None:
    """Raise ValueError unless k is at least 1."""
    if k < 1:
        raise ValueError(f"k is {k}; it must be 1 or more")


def _floats(x: Vectors, name: str) -> Vectors:
    """`x` as floating point, refused if it holds NaN or infinity."""
    x = np.asarray(x)
    if not np.issubdtype(x.dtype, np.floating):
        x = x.astype(np.float64)
    if not np.isfinite(x).all():
        raise ValueError(f"{name} holds NaN or infinity; all numbers must be finite")
    return x
