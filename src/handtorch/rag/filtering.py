"""Metadata filters and vector search: filter before, after, or inside the search.

    before   find the allowed rows by the metadata, compare the query with each of them: exact,
             and its cost grows with the number of rows allowed
    after    search as if there were no filter, drop what is not allowed: cheap, and when few rows
             are allowed most of what was found is dropped, so fewer than k are left
    inside   walk the index as usual, but collect allowed rows only: k are found, after a longer
             walk the fewer are allowed

`MetadataIndex` is an inverted index from (field, value) to rows, so that the rows allowed are found
without reading the metadata of all. What this leaves out: estimating the size of a filter without
computing it, nested conditions (any, not), and graphs with extra links for frequent values.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from handtorch.rag.vectors import Mask, Ranking, Vectors, check_at_least

STRATEGIES = ("before", "after", "inside", "auto")


class Between(NamedTuple):
    """low <= value <= high, as texts compare; dates as 2026-11-22 compare rightly."""

    low: str
    high: str


#: Every field named must have the value, one of the values, or a value in the range.
Where = Mapping[str, str | Collection[str] | Between]


def matches(metadata: Mapping[str, str], where: Where) -> bool:
    """Whether the metadata of one row meets every condition; a missing field meets none."""
    for field, condition in where.items():
        value = metadata.get(field)
        if value is None or not _meets(value, condition):
            return False
    return True


def _meets(value: str, condition: str | Collection[str] | Between) -> bool:
    if isinstance(condition, Between):
        return condition.low <= value <= condition.high
    return value == condition if isinstance(condition, str) else value in condition


class MetadataIndex:
    """For each field and value, the rows that have it."""

    def __init__(self) -> None:
        """No rows."""
        self.size = 0
        self.rows: dict[str, dict[str, list[int]]] = {}  #: field -> value -> positions

    def add(self, metadata: Mapping[str, str]) -> int:
        """Append a row; returns its position."""
        for field, value in metadata.items():
            self.rows.setdefault(field, {}).setdefault(value, []).append(self.size)
        self.size += 1
        return self.size - 1

    def allowed(self, where: Where) -> Mask:
        """Which rows meet every condition, (size,); all rows for no condition."""
        mask = np.ones(self.size, bool)
        for field, condition in where.items():
            one = np.zeros(self.size, bool)
            for value, positions in self.rows.get(field, {}).items():
                if _meets(value, condition):
                    one[positions] = True
            mask &= one
        return mask


class SearchIndex(Protocol):
    """What `HNSWIndex`, `IVFIndex` and `ProjectionForest` have in common."""

    vectors: Vectors

    def search(self, query: npt.ArrayLike, k: int, *args: Any, **options: Any) -> Ranking:
        """The k nearest, best first; takes `allowed`."""


def filtered_search(
    index: SearchIndex,
    query: npt.ArrayLike,
    k: int,
    allowed: Mask,
    strategy: str = "auto",
    oversample: int = 1,
    exact_below: int = 200,
    **options: int,
) -> Ranking:
    """The k nearest rows that are allowed, as (id, score), best first.

    Args:
        index: one of the indexes here.
        query: (dim,).
        k: how many.
        allowed: which rows may be returned, (n,), as `MetadataIndex.allowed` gives it.
        strategy: "before", "after", "inside", or "auto": before if no more than `exact_below` rows
            are allowed, else inside.
        oversample: with "after", search for k * oversample before dropping.
        exact_below: see "auto".
        options: passed to the index: ef, n_probe or search_k.

    Raises:
        ValueError: a strategy that is not there, k or oversample below 1, a mask of a wrong size.
    """
    check_at_least("k", k, 1)
    check_at_least("oversample", oversample, 1)
    if strategy not in STRATEGIES:
        raise ValueError(f"strategy is {strategy!r}; it must be one of {', '.join(STRATEGIES)}")
    if len(allowed) != len(index.vectors.ids):
        raise ValueError(f"allowed has {len(allowed)} entries for {len(index.vectors.ids)} rows")
    if strategy == "auto":
        strategy = "before" if np.count_nonzero(allowed) <= exact_below else "inside"
    if strategy == "before":
        return index.vectors.exact(query, k, allowed)
    if strategy == "inside":
        return index.search(query, k, allowed=allowed, **options)
    found = index.search(query, k * oversample, **options)
    return [(id, score) for id, score in found if allowed[index.vectors.positions[id]]][:k]


def rows_of(metadata: Sequence[Mapping[str, str]]) -> MetadataIndex:
    """An index of all metadata, in order."""
    index = MetadataIndex()
    for row in metadata:
        index.add(row)
    return index
