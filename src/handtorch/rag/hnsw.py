"""HNSW: a graph of neighbors on levels, searched greedily from the top (malkov2020).

Every vector gets a level l with probability about M^-l and stands on levels 0 to l. On each level
it is linked to M near ones, so the top levels are sparse maps with long links and level 0 holds
everything. A search goes down greedily, and on level 0 widens: `ef` is how many of the nearest
found so far are kept, and the walk ends when the next candidate is farther than all of them.

The links are not simply to the M nearest. The heuristic of the paper takes a candidate only if it
is nearer to the new vector than to any neighbor taken before: one link per direction, so that
clusters stay connected. A deletion is a mark: a deleted vector is walked through, never returned.

What this leaves out: threads, repairing links around deleted vectors (`compacted` builds anew),
and the memory layout that makes hnswlib fast; here a link is a Python integer.
"""

import heapq
import math
from collections.abc import Sequence
from os import PathLike

import numpy as np
import numpy.typing as npt

from handtorch.rag.index_file import CorruptIndexError, read_arrays, write_arrays
from handtorch.rag.vectors import Array, Mask, Ranking, Vectors, check_at_least

Found = list[tuple[float, int]]  # (distance, position)


class HNSWIndex:
    """Vectors linked to their neighbors on levels."""

    def __init__(
        self,
        dim: int,
        m: int = 16,
        ef_construction: int = 100,
        seed: int = 0,
        metric: str = "cosine",
        heuristic: bool = True,
    ) -> None:
        """An empty graph.

        Args:
            dim: numbers in a vector.
            m: links that a new vector makes on each level; it may have 2 m on level 0.
            ef_construction: how many near ones are looked for when a vector is added.
            seed: of the random levels. The level of a vector depends on the seed and its position
                only, so an index that was saved and loaded grows as it would have done.
            metric: "cosine" or "l2".
            heuristic: choose links by direction; False takes the m nearest, for comparison.
        """
        check_at_least("m", m, 2)
        check_at_least("ef_construction", ef_construction, 1)
        self.m = m
        self.ef_construction = ef_construction
        self.seed = seed
        self.heuristic = heuristic
        self.vectors = Vectors(dim, metric)
        self.links: list[list[list[int]]] = []  #: [position][level] -> positions
        self.entry = -1  #: a vector on the highest level

    def __len__(self) -> int:
        """How many vectors are not deleted."""
        return len(self.vectors)

    def add(self, id: str, vector: npt.ArrayLike) -> None:
        """Insert one vector; ValueError as `add_all`."""
        self.add_all([id], np.asarray(vector, np.float64)[None])

    def add_all(self, ids: Sequence[str], vectors: npt.ArrayLike) -> None:
        """Insert vectors one by one; all, or none if one is refused.

        Raises:
            ValueError: a wrong size, NaN or infinity, or an id that is there (and not deleted).
        """
        self.vectors.check(ids, vectors)
        for id, vector in zip(ids, np.asarray(vectors)):  # an interruption leaves whole vectors
            self._insert(self.vectors.add([id], vector[None])[0])

    def delete(self, id: str) -> None:
        """Mark as deleted; the id may be added again. ValueError for an id that is not there."""
        self.vectors.delete(id)

    def search(
        self, query: npt.ArrayLike, k: int, ef: int = 50, allowed: Mask | None = None
    ) -> Ranking:
        """The k nearest that the walk finds, as (id, score), best first.

        Args:
            query: (dim,).
            k: how many; all, exactly, when the index holds no more than k.
            ef: how many of the nearest to keep on the way; never fewer than k.
            allowed: which rows may be returned, (n,). The walk goes through the others, and goes
                on until ef allowed ones are found: the rarer they are, the longer it takes.
        """
        check_at_least("k", k, 1)
        check_at_least("ef", ef, 1)
        q = self.vectors.query(query)
        if k >= len(self):
            return self.vectors.exact(query, k, allowed)
        wanted = self.vectors.alive if allowed is None else self.vectors.alive & allowed
        entry = self._descend(q, top=self.level(self.entry), bottom=0)
        found = self._search_level(q, [entry], max(ef, k), 0, wanted)
        positions = np.array([position for _, position in found], np.int64)
        return self.vectors.ranking(positions, np.array([distance for distance, _ in found]), k)

    def level(self, position: int) -> int:
        """The highest level on which a vector stands."""
        return len(self.links[position]) - 1

    def compacted(self) -> "HNSWIndex":
        """A new index of the vectors that are not deleted, with links among them only."""
        vectors = self.vectors
        new = HNSWIndex(
            vectors.dim, self.m, self.ef_construction, self.seed, vectors.metric, self.heuristic
        )
        kept = np.flatnonzero(vectors.alive)
        new.add_all([vectors.ids[i] for i in kept], vectors.rows[kept])
        return new

    def bytes(self) -> dict[str, int]:
        """What the parts need as plain arrays: float32 numbers, a link in 4 bytes."""
        links = sum(len(level) for levels in self.links for level in levels)
        return {"vectors": 4 * self.vectors.rows.size, "links": 4 * links}

    def save(self, path: str | PathLike[str]) -> None:
        """Write everything to one file, whole or not at all."""
        settings = {
            "dim": self.vectors.dim,
            "m": self.m,
            "ef_construction": self.ef_construction,
            "seed": self.seed,
            "metric": self.vectors.metric,
            "heuristic": self.heuristic,
        }
        flat = [link for levels in self.links for level in levels for link in level]
        arrays = {
            "rows": self.vectors.rows,
            "alive": self.vectors.alive,
            "levels": np.array([len(levels) for levels in self.links], np.int32),
            "counts": np.array([len(lv) for levels in self.links for lv in levels], np.int32),
            "links": np.array(flat, np.int32),
        }
        header = {"settings": settings, "ids": self.vectors.ids, "entry": self.entry}
        write_arrays(path, "hnsw", header, arrays)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> "HNSWIndex":
        """Read what `save` wrote; CorruptIndexError if the file is damaged or is no such file."""
        header, arrays = read_arrays(path, "hnsw")
        index = cls(**header["settings"])
        try:
            index.vectors = Vectors.restored(
                header["ids"], arrays["rows"], arrays["alive"], index.vectors.metric
            )
            ends = np.cumsum(arrays["counts"])
            lists = iter(part.tolist() for part in np.split(arrays["links"], ends[:-1]))
            index.links = [[next(lists) for _ in range(n)] for n in arrays["levels"]]
            index.entry = int(header["entry"])
        except (KeyError, StopIteration, ValueError) as error:
            raise CorruptIndexError(f"{path} does not hold a whole HNSW index: {error}") from error
        return index

    def _insert(self, position: int) -> None:
        """Link the row at `position` into the graph, on all of its levels."""
        level = random_level(self.seed, position, self.m)
        self.links.append([[] for _ in range(level + 1)])
        if self.entry < 0:
            self.entry = position
            return
        q = self.vectors.rows[position].astype(np.float64)
        top = self.level(self.entry)
        entries = [self._descend(q, top, bottom=min(level, top))]
        for layer in range(min(level, top), -1, -1):
            found = self._search_level(q, entries, self.ef_construction, layer)
            chosen = self._choose(found, self.m)
            self.links[position][layer] = chosen
            for neighbor in chosen:
                self._link_back(neighbor, position, layer)
            entries = [near for _, near in found]
        if level > top:
            self.entry = position

    def _descend(self, q: Array, top: int, bottom: int) -> int:
        """Go to the nearest vector, level by level, on the levels above `bottom`."""
        nearest = self.entry
        for layer in range(top, bottom, -1):
            nearest = self._search_level(q, [nearest], 1, layer)[0][1]
        return nearest

    def _search_level(
        self, q: Array, entries: list[int], ef: int, layer: int, wanted: Mask | None = None
    ) -> Found:
        """The ef nearest (and wanted) that a best-first walk from `entries` finds, nearest first.

        Two heaps: `candidates` has the nearest vector not yet expanded on top, `nearest` (with
        signs turned) the farthest of the results. Vectors that are not wanted are candidates too.
        """
        seen = set(entries)
        candidates: Found = []
        nearest: Found = []

        def meet(positions: list[int]) -> None:
            for distance, position in zip(self.vectors.distances(q, positions).tolist(), positions):
                if len(nearest) < ef or distance < -nearest[0][0]:
                    heapq.heappush(candidates, (distance, position))
                    if wanted is None or wanted[position]:
                        heapq.heappush(nearest, (-distance, -position))
                        if len(nearest) > ef:
                            heapq.heappop(nearest)

        meet(entries)
        while candidates:
            distance, position = heapq.heappop(candidates)
            if len(nearest) == ef and distance > -nearest[0][0]:
                break  # whatever is left is farther than all results
            fresh = [link for link in self.links[position][layer] if link not in seen]
            seen.update(fresh)
            if fresh:
                meet(fresh)
        return sorted((-distance, -position) for distance, position in nearest)

    def _choose(self, found: Found, m: int) -> list[int]:
        """At most m links among `found`, which is sorted by distance (algorithm 4 of the paper)."""
        if not self.heuristic:
            return [position for _, position in found[:m]]
        among = self.vectors.between([position for _, position in found]).tolist()
        chosen: list[int] = []  # indices into found
        for i, (distance, _) in enumerate(found):
            if all(distance < among[i][j] for j in chosen):
                chosen.append(i)
                if len(chosen) == m:
                    break
        return [found[i][1] for i in chosen]

    def _link_back(self, position: int, new: int, layer: int) -> None:
        """Link `position` to `new`; if that is one link too many, choose anew among all."""
        links = self.links[position][layer]
        links.append(new)
        most = 2 * self.m if layer == 0 else self.m
        if len(links) > most:
            q = self.vectors.rows[position].astype(np.float64)
            found = sorted(zip(self.vectors.distances(q, links).tolist(), links))
            self.links[position][layer] = self._choose(found, most)


def random_level(seed: int, position: int, m: int) -> int:
    """floor(-ln(u) / ln(m)) with u uniform in (0, 1]: level l or higher with probability m^-l."""
    u = 1 - np.random.default_rng([seed, position]).random()
    return int(-math.log(u) / math.log(m))
