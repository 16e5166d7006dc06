"""What an approximate index finds, and what it costs: recall against vectors compared.

Recall@k of one query is the share of its k nearest vectors, by exact search, that the index
returns. The cost is counted, not timed: how many stored vectors, centroids or planes the query was
compared with, each of them one product of d numbers. Counts are the same on every machine and do
not punish an index for being written in Python; they leave out what a comparison costs besides,
such as waiting for memory. `benchmarks/ann_speed.py` measures seconds.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from handtorch.rag.vectors import Array, Mask, Ranking, Vectors


def nearest_ids(
    vectors: Vectors, queries: Iterable[Array], k: int, allowed: Mask | None = None
) -> list[list[str]]:
    """The ids of the k nearest (and allowed) vectors of each query, by comparing with all."""
    return [[id for id, _ in vectors.exact(query, k, allowed)] for query in queries]


def recall_and_cost(
    search: Callable[..., Ranking],
    queries: Iterable[Array],
    truth: Sequence[Sequence[str]],
    vectors: Vectors,
    **options: Any,
) -> tuple[float, float]:
    """Mean recall of `search`, and the mean number of vectors compared per query.

    Args:
        search: from a query, and `options`, to a ranking.
        queries: n of them.
        truth: for each query the ids it should find, as `nearest_ids` gives them; at least one.
        vectors: those of the index, where comparisons are counted.
        options: passed to `search` with every query, such as k and ef.

    Raises:
        ValueError: a query that should find nothing: its recall is not defined.
    """
    before = vectors.computed
    shares = []
    for query, right in zip(queries, truth, strict=True):
        if not right:
            raise ValueError("truth has an empty list; recall needs at least one id to find")
        found = {id for id, _ in search(query, **options)}
        shares.append(len(found.intersection(right)) / len(right))
    return float(np.mean(shares)), (vectors.computed - before) / len(shares)
