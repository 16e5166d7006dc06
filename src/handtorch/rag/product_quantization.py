"""Product quantization: a vector in M bytes, and its distance to a query from M table entries.

Cut a vector of D numbers into M parts, and replace each part by the number of the nearest of 256
centroids, found by k-means per part (jegou2011): M bytes instead of 4 D, and 256^M different
reconstructions from M tables of 256. The distance of a query to a code is asymmetric (ADC): the
query is not quantized. One table per query holds its distance to each centroid of each part:

    |q - x'|^2 = sum_m table[m, code[m]],   table[m, j] = |q_m - c_mj|^2

IVF-PQ quantizes the residual x - c of a vector and the centroid of its list, which is smaller than
x and so loses less. What this leaves out: a rotation before cutting (OPQ), SIMD tables of 16
entries (4-bit codes), and codes that are not bytes.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from handtorch.rag.ivf import IVFIndex, k_means, squared_distances
from handtorch.rag.vectors import (
    Array,
    Mask,
    Positions,
    Ranking,
    as_matrix,
    check_at_least,
)

Codes = npt.NDArray[np.uint8]


class ProductQuantizer:
    """M codebooks of K centroids, one for each part of a vector."""

    def __init__(self, dim: int, n_parts: int, n_centroids: int = 256, seed: int = 0) -> None:
        """M = n_parts must divide dim; K = n_centroids from 1 to 256, so that a code is a byte."""
        check_at_least("dim", dim, 1)
        check_at_least("n_parts", n_parts, 1)
        if dim % n_parts:
            raise ValueError(f"n_parts is {n_parts}; it must divide dim, which is {dim}")
        if not 1 <= n_centroids <= 256:
            raise ValueError(f"n_centroids is {n_centroids}; it must be from 1 to 256")
        self.dim = dim
        self.n_parts = n_parts
        self.n_centroids = n_centroids
        self.seed = seed
        self.codebooks: Array = np.zeros((0, 0, 0))  #: (M, K, dim / M), after training

    def train(self, vectors: npt.ArrayLike) -> None:
        """Find the centroids of each part; ValueError for fewer than K vectors."""
        parts = self._parts(as_matrix(vectors, self.dim, "vectors"))
        self.codebooks = np.stack(
            [k_means(part, self.n_centroids, seed=self.seed + m) for m, part in enumerate(parts)]
        )

    def encode(self, vectors: npt.ArrayLike) -> Codes:
        """The nearest centroid of each part: (n, dim) -> (n, M) bytes."""
        self._check_trained()
        parts = self._parts(as_matrix(vectors, self.dim, "vectors"))
        nearest = [squared_distances(p, book).argmin(1) for p, book in zip(parts, self.codebooks)]
        return np.stack(nearest, 1).astype(np.uint8)

    def decode(self, codes: Codes) -> Array:
        """What the codes stand for: (n, M) -> (n, dim)."""
        self._check_trained()
        parts = [book[codes[:, m]] for m, book in enumerate(self.codebooks)]
        return np.concatenate(parts, 1)

    def table(self, query: Array, product: bool = False) -> Array:
        """|q_m - c_mj|^2 (or -q_m . c_mj if `product`) for part m and centroid j: (M, K)."""
        self._check_trained()
        parts = query.reshape(self.n_parts, 1, -1)  # (M, 1, dim / M)
        if product:
            return np.asarray(-(self.codebooks * parts).sum(2))
        return np.asarray(((self.codebooks - parts) ** 2).sum(2))

    def distances(self, table: Array, codes: Codes) -> Array:
        """One table look-up and addition per part: (M, K), (n, M) -> (n,)."""
        return np.asarray(table[np.arange(self.n_parts), codes].sum(1))

    def _parts(self, rows: Array) -> Array:
        return rows.reshape(len(rows), self.n_parts, -1).transpose(1, 0, 2)  # (M, n, dim / M)

    def _check_trained(self) -> None:
        if not self.codebooks.size:
            raise ValueError("the product quantizer has no codebooks; call train() first")


class IVFPQIndex:
    """Lists of product-quantized residuals.

    The vectors are kept as well, for `refine`; `bytes` counts them apart, since an index that does
    not refine could drop them, and one that does may keep them on a disk.
    """

    def __init__(
        self,
        dim: int,
        n_lists: int,
        n_parts: int,
        metric: str = "cosine",
        n_centroids: int = 256,
        seed: int = 0,
    ) -> None:
        """Parameters as of `IVFIndex` and `ProductQuantizer`."""
        self.coarse = IVFIndex(dim, n_lists, metric, seed)
        self.quantizer = ProductQuantizer(dim, n_parts, n_centroids, seed)
        self.codes: Codes = np.zeros((0, n_parts), np.uint8)  #: by position
        self.looked_up = 0  #: codes compared so far, M table entries each

    def __len__(self) -> int:
        """How many vectors are not deleted."""
        return len(self.coarse)

    def train(self, vectors: npt.ArrayLike) -> None:
        """Find centroids and codebooks from a sample of at least max(n_lists, K) vectors."""
        space = self.coarse.vectors
        rows = as_matrix(vectors, space.dim, "vectors")
        least = max(self.coarse.n_lists, self.quantizer.n_centroids)
        if len(rows) < least:
            raise ValueError(f"{len(rows)} vectors cannot train the index; give {least} or more")
        self.coarse.train(rows)
        self.quantizer.train(self._residuals(space.scaled(rows)))

    def add(self, ids: Sequence[str], vectors: npt.ArrayLike) -> None:
        """Append vectors, all or (ValueError) none; the first ones train the index if need be."""
        rows = self.coarse.vectors.check(ids, vectors).astype(np.float64)
        if not len(rows):
            return
        if self.coarse.centroids is None:
            self.train(rows)
        codes = self.quantizer.encode(self._residuals(rows))
        self.coarse.add(ids, vectors)
        self.codes = np.concatenate([self.codes, codes])

    def delete(self, id: str) -> None:
        """Never return `id` again; its code stays."""
        self.coarse.delete(id)

    def search(
        self,
        query: npt.ArrayLike,
        k: int,
        n_probe: int = 1,
        refine: int = 0,
        allowed: Mask | None = None,
    ) -> Ranking:
        """The k nearest by their codes in the `n_probe` nearest lists, best first.

        Args:
            query: (dim,).
            k: how many; when the index holds no more, all lists are probed.
            n_probe: as in `IVFIndex.search`.
            refine: if above 0, compare the best k * refine with the vectors themselves, so that
                the order among them and the scores are exact.
            allowed: which rows may be returned, (n,).
        """
        check_at_least("k", k, 1)
        check_at_least("n_probe", n_probe, 1)
        check_at_least("refine", refine, 0)
        space = self.coarse.vectors
        q = space.query(query)
        if self.coarse.centroids is None:
            return []
        space.computed += self.coarse.n_lists
        n_probe = self.coarse.n_lists if k >= len(self) else n_probe
        table = self.quantizer.table(q, product=True) if space.metric == "cosine" else None
        cells = self.coarse.cells(q[None], n_probe)[0]
        found = [self._scan(q, table, cell, allowed) for cell in cells]
        positions = np.concatenate([positions for positions, _ in found])
        distances = np.concatenate([distances for _, distances in found])
        if refine:
            best = np.argsort(distances, kind="stable")[: k * refine]
            positions = positions[best]
            distances = space.distances(q, positions)
        return space.ranking(positions, distances, k)

    def bytes(self) -> dict[str, int]:
        """What the parts need: a byte per part, float32 codebooks, 4-byte positions in lists."""
        codes = {"codes": self.codes.size, "codebooks": 4 * self.quantizer.codebooks.size}
        return codes | self.coarse.bytes()

    def _residuals(self, rows: Array) -> Array:
        """What is left of each row after its centroid is taken away, (n, dim)."""
        assert self.coarse.centroids is not None
        return np.asarray(rows - self.coarse.centroids[self.coarse.cells(rows, 1)[:, 0]])

    def _scan(
        self, q: Array, table: Array | None, cell: int, allowed: Mask | None
    ) -> tuple[Positions, Array]:
        """Positions in one list and their approximate distances."""
        assert self.coarse.centroids is not None
        space, centroid = self.coarse.vectors, self.coarse.centroids[cell]
        positions = np.array(self.coarse.lists[cell], np.int64)
        keep = space.alive[positions]
        positions = positions[keep if allowed is None else keep & allowed[positions]]
        self.looked_up += len(positions)
        codes = self.codes[positions]
        if table is not None:  # 1 - q . (c + r') = 1 - q . c - q . r': one table for all lists
            return positions, 1 - q @ centroid + self.quantizer.distances(table, codes)
        table = self.quantizer.table(q - centroid)  # |q - (c + r')|^2 = |(q - c) - r'|^2
        return positions, self.quantizer.distances(table, codes)
