"""The rows that every approximate index here keeps: ids, vectors, marks of deletion, distances.

Vectors are stored as float32, 4 bytes a number, and distances are computed in float64: a product
of two float32 numbers is exact there, so near ties fall the same way on every processor. A
distance is small for what is near, and `computed` counts how many were computed: the pages compare
indexes by it, for it does not depend on the machine or on how much of an index runs in Python.

    metric     distance      score
    "cosine"   1 - cos       cos; a vector of zeros has cosine 0 with everything
    "l2"       |q - x|^2     -|q - x|^2

What this leaves out: the inner product of vectors of different lengths (it is no distance: a
vector need not be its own nearest neighbor), other element types, and memory-mapped files.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from handtorch.rag.dense import normalize, top_k

Array = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]
Positions = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Ranking = list[tuple[str, float]]
METRICS = ("cosine", "l2")


class Vectors:
    """Growing rows of vectors with ids; a row is known by its position, 0, 1, 2, ..."""

    def __init__(self, dim: int, metric: str = "cosine") -> None:
        """Room for vectors of `dim` numbers; ValueError for dim < 1 or an unknown metric."""
        check_at_least("dim", dim, 1)
        if metric not in METRICS:
            raise ValueError(f"metric is {metric!r}; it must be one of {', '.join(METRICS)}")
        self.dim = dim
        self.metric = metric
        self.ids: list[str] = []  #: by position
        self.positions: dict[str, int] = {}  #: of the ids that are not deleted
        self.computed = 0  #: distances to stored vectors, so far
        self._rows: Floats = np.zeros((0, dim), np.float32)  # with room to grow
        self._alive: Mask = np.zeros(0, bool)

    @classmethod
    def restored(cls, ids: Sequence[str], rows: Floats, alive: Mask, metric: str) -> "Vectors":
        """From what was stored, as it was: rows are not scaled again."""
        if not len(ids) == len(rows) == len(alive):
            raise ValueError(f"{len(ids)} ids, {len(rows)} rows and {len(alive)} marks")
        vectors = cls(rows.shape[1], metric)
        vectors.ids = list(ids)
        vectors._rows = rows
        vectors._alive = alive
        vectors.positions = {id: i for i, id in enumerate(ids) if alive[i]}
        return vectors

    def __len__(self) -> int:
        """How many vectors there are that are not deleted."""
        return len(self.positions)

    @property
    def rows(self) -> Floats:
        """All rows, deleted ones too, (n, dim); unit length for the metric cosine."""
        return self._rows[: len(self.ids)]

    @property
    def alive(self) -> Mask:
        """Which rows are not deleted, (n,)."""
        return self._alive[: len(self.ids)]

    def check(self, ids: Sequence[str], vectors: npt.ArrayLike) -> Floats:
        """`vectors` as they will be stored, (n, dim); nothing is added.

        Raises:
            ValueError: wrong shape, a number that is not finite, an id that is there already or
                stands twice in `ids`, or another number of ids than of vectors.
        """
        rows = as_matrix(vectors, self.dim, "vectors")
        if len(ids) != len(rows):
            raise ValueError(f"there are {len(ids)} ids and {len(rows)} vectors; give one id each")
        seen: set[str] = set()
        for id in ids:
            if id in self.positions or id in seen:
                raise ValueError(f"id {id!r} is there already; delete it first, or give another id")
            seen.add(id)
        return self.scaled(rows).astype(np.float32)

    def add(self, ids: Sequence[str], vectors: npt.ArrayLike) -> range:
        """Append all vectors, or none if `check` refuses one; returns their positions."""
        rows = self.check(ids, vectors)
        start, stop = len(self.ids), len(self.ids) + len(rows)
        if stop > len(self._rows):  # doubling: n single additions copy fewer than 2 n rows
            room = max(stop, 2 * len(self._rows))
            self._rows = np.concatenate([self.rows, np.zeros((room - start, self.dim), np.float32)])
            self._alive = np.concatenate([self.alive, np.zeros(room - start, bool)])
        self._rows[start:stop] = rows
        self._alive[start:stop] = True
        self.ids.extend(ids)
        self.positions.update(zip(ids, range(start, stop)))
        return range(start, stop)

    def delete(self, id: str) -> None:
        """Mark `id` as deleted; the row stays. ValueError for an id that is not there."""
        if id not in self.positions:
            raise ValueError(f"id {id!r} is not in the index; nothing was deleted")
        self._alive[self.positions.pop(id)] = False

    def query(self, vector: npt.ArrayLike) -> Array:
        """`vector` ready to be compared, (dim,); ValueError for a wrong size, NaN or infinity."""
        row = as_matrix(np.asarray(vector, np.float64)[None], self.dim, "query")
        scaled: Array = self.scaled(row)[0]
        return scaled

    def scaled(self, rows: Array) -> Array:
        """Rows of length 1 for the metric cosine, else as they are; zeros stay zeros."""
        return np.asarray(normalize(rows), np.float64) if self.metric == "cosine" else rows

    def distances(self, query: Array, positions: Positions | Sequence[int]) -> Array:
        """Distances of the rows at `positions` to `query` (from `query()`, or a row), counted."""
        self.computed += len(positions)
        rows = self._rows[positions].astype(np.float64)
        if self.metric == "cosine":
            similarities: Array = rows @ query
            return 1 - similarities
        rows -= query
        squares: Array = np.einsum("nd,nd->n", rows, rows)
        return squares

    def between(self, positions: Positions | Sequence[int]) -> Array:
        """All distances among the rows at `positions`, (n, n); counted as n (n - 1) / 2."""
        rows = self._rows[positions].astype(np.float64)
        self.computed += len(rows) * (len(rows) - 1) // 2
        products = rows @ rows.T
        if self.metric == "cosine":
            return np.asarray(1 - products)
        squares = np.diag(products)
        return np.asarray(np.maximum(squares[:, None] + squares - 2 * products, 0))

    def ranking(self, positions: Positions, distances: Array, k: int) -> Ranking:
        """The k nearest that are not deleted, as (id, score); equal ones by position."""
        positions, order = np.sort(positions), np.argsort(positions)
        keep = self.alive[positions]
        positions, distances = positions[keep], distances[order][keep]
        best = top_k(-distances, k)
        return [(self.ids[positions[i]], self.score(float(distances[i]))) for i in best]

    def score(self, distance: float) -> float:
        """The score that belongs to a distance: higher is nearer."""
        return 1 - distance if self.metric == "cosine" else -distance

    def exact(self, query: npt.ArrayLike, k: int, allowed: Mask | None = None) -> Ranking:
        """The k nearest by comparing with every row that is alive (and allowed)."""
        check_at_least("k", k, 1)
        wanted = self.alive if allowed is None else self.alive & allowed
        positions = np.flatnonzero(wanted)
        return self.ranking(positions, self.distances(self.query(query), positions), k)


def as_matrix(vectors: npt.ArrayLike, dim: int, name: str) -> Array:
    """`vectors` as finite float64 numbers, (n, dim); an empty list is (0, dim)."""
    rows = np.atleast_1d(np.asarray(vectors, np.float64))
    if len(rows) == 0:
        rows = rows.reshape(0, dim)
    if rows.ndim != 2 or rows.shape[1] != dim:
        raise ValueError(f"{name} has shape {rows.shape}; each vector must have {dim} numbers")
    bad = np.flatnonzero(~np.isfinite(rows).all(1))
    if len(bad):
        raise ValueError(f"{name} has NaN or infinity in row {bad[0]}; all numbers must be finite")
    return rows


def check_at_least(name: str, value: int, least: int) -> None:
    """ValueError if `value` is below `least`."""
    if value < least:
        raise ValueError(f"{name} is {value}; it must be {least} or more")
