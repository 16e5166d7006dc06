"""A forest of random-projection trees, the idea of Annoy (Bernhardsson, 2013).

A tree cuts the vectors in two by the hyperplane equidistant from two of them, drawn at random, and
goes on with each half until few are left. A query goes down to one leaf; its neighbors are likely
in that leaf, but some are beyond a plane it passed close by. Two remedies: many trees, cut
differently, and one priority queue over all trees that also visits the far side of planes, the
closest first, until `search_k` candidates are found. These are then compared exactly.

What this leaves out: the two-means step by which Annoy chooses a better plane from a sample, and
its file format, which is mapped into memory and shared between processes. Like Annoy's, the forest
is built once: a vector cannot be added afterwards.
"""

import heapq
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from handtorch.rag.vectors import (
    Array,
    Mask,
    Positions,
    Ranking,
    Vectors,
    check_at_least,
)


class Node(NamedTuple):
    """A leaf has positions; an inner node has a plane and two children (numbers of nodes)."""

    positions: Positions
    normal: Array  #: of length 1, or zeros where a cut at random stands for a plane
    offset: float
    children: tuple[int, int]


class ProjectionForest:
    """Trees over the same vectors, searched together."""

    def __init__(
        self,
        dim: int,
        n_trees: int = 10,
        leaf_size: int = 16,
        metric: str = "cosine",
        seed: int = 0,
    ) -> None:
        """An empty forest: `add` vectors, then `build` once."""
        check_at_least("n_trees", n_trees, 1)
        check_at_least("leaf_size", leaf_size, 1)
        self.n_trees = n_trees
        self.leaf_size = leaf_size
        self.seed = seed
        self.vectors = Vectors(dim, metric)
        self.nodes: list[Node] = []
        self.roots: list[int] = []

    def __len__(self) -> int:
        """How many vectors are not deleted."""
        return len(self.vectors)

    def add(self, ids: Sequence[str], vectors: npt.ArrayLike) -> None:
        """Append vectors, all or (ValueError) none; ValueError once the trees are built."""
        if self.roots:
            raise ValueError("the trees are built; a new vector needs a new forest")
        self.vectors.add(ids, vectors)

    def delete(self, id: str) -> None:
        """Never return `id` again; it stays in its leaves."""
        self.vectors.delete(id)

    def build(self) -> None:
        """Grow the trees; ValueError if they are there."""
        if self.roots:
            raise ValueError("the trees are built; a forest is built once")
        chance = np.random.default_rng(self.seed)
        everything = np.arange(len(self.vectors.ids))
        self.roots = [self._grow(everything, chance) for _ in range(self.n_trees)]

    def search(
        self, query: npt.ArrayLike, k: int, search_k: int | None = None, allowed: Mask | None = None
    ) -> Ranking:
        """The k nearest among the candidates that the trees give, as (id, score), best first.

        Args:
            query: (dim,).
            k: how many; all, exactly, when the forest holds no more than k.
            search_k: candidates to collect; n_trees * k if None, as in Annoy.
            allowed: which rows may be returned, (n,); others are no candidates.

        Raises:
            ValueError: k or search_k below 1, a bad query, or trees that are not built.
        """
        check_at_least("k", k, 1)
        wanted_candidates = self.n_trees * k if search_k is None else search_k
        check_at_least("search_k", wanted_candidates, 1)
        q = self.vectors.query(query)
        if not self.roots and self.vectors.ids:
            raise ValueError("the trees are not built; call build() after the last add()")
        if k >= len(self):
            return self.vectors.exact(query, k, allowed)
        wanted = self.vectors.alive if allowed is None else self.vectors.alive & allowed
        positions = self._candidates(q, wanted_candidates, wanted)
        return self.vectors.ranking(positions, self.vectors.distances(q, positions), k)

    def bytes(self) -> dict[str, int]:
        """What the parts need as arrays: float32 planes, 4-byte numbers of nodes and vectors."""
        inner = sum(node.children[0] >= 0 for node in self.nodes)
        leaves = sum(len(node.positions) for node in self.nodes)
        planes = inner * (4 * self.vectors.dim + 4 + 8)  # normal, offset, two children
        return {"vectors": 4 * self.vectors.rows.size, "planes": planes, "leaves": 4 * leaves}

    def _candidates(self, q: Array, search_k: int, wanted: Mask) -> Positions:
        """At least `search_k` different wanted positions, if the trees hold as many.

        The priority of a node is the smallest margin on the way to it: how far the query is on the
        right side of the plane it clears least, negative where it is on the wrong side.
        """
        queue = [(-math.inf, root) for root in self.roots]  # smallest first, so minus the margin
        heapq.heapify(queue)
        found: set[int] = set()
        while queue and len(found) < search_k:
            priority, number = heapq.heappop(queue)
            node = self.nodes[number]
            if node.children[0] < 0:
                found.update(node.positions[wanted[node.positions]].tolist())
                continue
            self.vectors.computed += 1  # a product with a normal is as much work as a distance
            margin = float(node.normal @ q) + node.offset
            for child, side in zip(node.children, (-margin, margin)):
                heapq.heappush(queue, (max(priority, -side), child))
        return np.array(sorted(found), np.int64)

    def _grow(self, positions: Positions, chance: np.random.Generator) -> int:
        """The number of a new node over `positions`, with all that is below it."""
        number = len(self.nodes)
        if len(positions) <= self.leaf_size:
            self.nodes.append(Node(positions, np.zeros(0), 0.0, (-1, -1)))
            return number
        normal, offset, side = self._split(positions, chance)
        self.nodes.append(Node(positions[:0], normal, offset, (-1, -1)))
        children = self._grow(positions[~side], chance), self._grow(positions[side], chance)
        self.nodes[number] = Node(positions[:0], normal, offset, children)
        return number

    def _split(
        self, positions: Positions, chance: np.random.Generator
    ) -> tuple[Array, float, Mask]:
        """A plane and the side of each position; halves at random if three planes cut badly."""
        rows = self.vectors.rows[positions].astype(np.float64)
        for _ in range(3):
            a, b = rows[chance.choice(len(rows), 2, replace=False)]
            length = float(np.linalg.norm(b - a))
            if length == 0:
                continue
            normal = (b - a) / length
            offset = float(-normal @ (a + b) / 2)  # 0 for vectors of equal length
            side: Mask = rows @ normal + offset > 0
            if 0.05 < side.mean() < 0.95:
                return normal, offset, side
        side = np.zeros(len(rows), bool)
        side[chance.permutation(len(rows))[: len(rows) // 2]] = True
        return np.zeros(self.vectors.dim), 0.0, side
