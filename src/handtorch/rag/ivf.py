"""Inverted file index: cut space into cells by k-means, search the cells nearest to the query.

The idea is old (sivic2003 took it from text retrieval): a coarse quantizer maps every vector to
the nearest of `n_lists` centroids, and each centroid has the list of its vectors. A query compares
itself with all centroids, then with the vectors in the `n_probe` nearest lists only. What is lost
are neighbors on the other side of a border; with n_probe = n_lists the search is exact.

What this leaves out: a coarse quantizer that is itself an index (needed once n_lists is large),
balanced lists, and training again when the data drift.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from handtorch.rag.vectors import (
    Array,
    Mask,
    Positions,
    Ranking,
    Vectors,
    as_matrix,
    check_at_least,
)


class IVFIndex:
    """Vectors in the lists of their nearest centroids."""

    def __init__(self, dim: int, n_lists: int, metric: str = "cosine", seed: int = 0) -> None:
        """An index without centroids; `train` or the first `add` finds them."""
        check_at_least("n_lists", n_lists, 1)
        self.n_lists = n_lists
        self.seed = seed
        self.vectors = Vectors(dim, metric)
        self.centroids: Array | None = None  #: (n_lists, dim), after training
        self.lists: list[list[int]] = [[] for _ in range(n_lists)]  #: positions

    def __len__(self) -> int:
        """How many vectors are not deleted."""
        return len(self.vectors)

    def train(self, vectors: npt.ArrayLike) -> None:
        """Find the centroids from a sample; ValueError if it is too small, or vectors are in."""
        if self.vectors.ids:
            raise ValueError("the index holds vectors of its old centroids; train an empty one")
        rows = as_matrix(vectors, self.vectors.dim, "vectors")
        self.centroids = k_means(self.vectors.scaled(rows), self.n_lists, seed=self.seed)

    def add(self, ids: Sequence[str], vectors: npt.ArrayLike) -> None:
        """Append vectors, all or (ValueError) none; the first ones train the centroids if need be.

        Raises:
            ValueError: as `Vectors.check`; or fewer vectors than lists to train with.
        """
        rows = self.vectors.check(ids, vectors)
        if not len(rows):
            return
        if self.centroids is None:
            self.train(rows)
        positions = self.vectors.add(ids, vectors)
        for position, cell in zip(positions, self.cells(rows.astype(np.float64), 1)[:, 0]):
            self.lists[cell].append(position)

    def delete(self, id: str) -> None:
        """Never return `id` again; its row and its place in a list stay."""
        self.vectors.delete(id)

    def cells(self, rows: Array, n: int) -> Positions:
        """The n nearest centroids of each row, nearest first: (rows, n)."""
        assert self.centroids is not None
        distances = squared_distances(rows, self.centroids)
        return np.argsort(distances, axis=1, kind="stable")[:, :n]

    def search(
        self, query: npt.ArrayLike, k: int, n_probe: int = 1, allowed: Mask | None = None
    ) -> Ranking:
        """The k nearest in the `n_probe` nearest lists, as (id, score), best first.

        Args:
            query: (dim,).
            k: how many; all, exactly, when the index holds no more than k.
            n_probe: lists to look into, at most `n_lists` count. Fewer than k may be found.
            allowed: which rows may be returned, (n,); the others are not even compared.
        """
        check_at_least("k", k, 1)
        check_at_least("n_probe", n_probe, 1)
        q = self.vectors.query(query)
        if self.centroids is None or k >= len(self):
            return self.vectors.exact(query, k, allowed)
        self.vectors.computed += self.n_lists  # comparing with the centroids is work as well
        probed = self.cells(q[None], n_probe)[0]
        positions = np.concatenate([np.array(self.lists[cell], np.int64) for cell in probed])
        keep = self.vectors.alive[positions]
        if allowed is not None:
            keep &= allowed[positions]
        positions = positions[keep]
        return self.vectors.ranking(positions, self.vectors.distances(q, positions), k)

    def bytes(self) -> dict[str, int]:
        """What the parts need as plain arrays: float32 numbers, 4-byte positions in the lists."""
        n, dim = self.vectors.rows.shape
        return {"vectors": 4 * n * dim, "centroids": 4 * self.n_lists * dim, "lists": 4 * n}


def k_means(rows: Array, k: int, iterations: int = 10, seed: int = 0) -> Array:
    """Lloyd's algorithm: k centroids with a small sum of squared distances to them, (k, dim).

    Starts from k different rows. A cell that runs empty gets the row that is farthest from its
    centroid, so that k cells come back even from data with many equal rows.
    """
    check_at_least("k", k, 1)
    if len(rows) < k:
        raise ValueError(f"{len(rows)} vectors cannot train {k} centroids; give at least as many")
    chance = np.random.default_rng(seed)
    centroids = rows[np.sort(chance.choice(len(rows), k, replace=False))]
    for _ in range(iterations):
        distances = squared_distances(rows, centroids)
        cells = distances.argmin(1)
        nearest = distances[np.arange(len(rows)), cells]
        sums = np.zeros_like(centroids)
        np.add.at(sums, cells, rows)
        sizes = np.bincount(cells, minlength=k)
        empty = np.flatnonzero(sizes == 0)
        sums[empty] = rows[np.argsort(-nearest, kind="stable")[: len(empty)]]
        centroids = sums / np.maximum(sizes, 1)[:, None]
    return np.asarray(centroids)


def squared_distances(rows: Array, centroids: Array) -> Array:
    """|x - c|^2 for every row and centroid, (n, dim), (k, dim) -> (n, k), without (n, k, dim)."""
    distances: Array = rows @ (-2 * centroids.T)
    distances += np.einsum("kd,kd->k", centroids, centroids)
    distances += np.einsum("nd,nd->n", rows, rows)[:, None]
    return np.maximum(distances, 0, out=distances)
