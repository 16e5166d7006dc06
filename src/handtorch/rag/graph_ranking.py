"""Ranking what a graph returns: entities by personalized PageRank, then triples and paths.

A k-hop sub-graph is all or nothing: around a hub it holds almost everything. Personalized PageRank
(page1999, haveliwala2002) grades instead: a walker starts at the seeds, follows edges, and returns
to the seeds with probability 1 - `damping`; the share of time that it spends somewhere falls with
the distance and rises with the number of ways there. HippoRAG ranks passages with it
(gutierrez2024). Paths are rated by the flow that arrives through them, which hubs divide, the idea
of resource allocation in link prediction (zhou2009) that PathRAG uses too (chen2025pathrag).

What this leaves out: learned rankers, such as a cross-encoder over verbalized triples.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from handtorch.rag.graph import KnowledgeGraph, Triple, Weights
from handtorch.rag.text import words


class RandomWalk:
    """A walk on a weighted graph, ready to be started from different seeds.

    Args:
        weights: symmetric weights, none negative.
    """

    def __init__(self, weights: Weights) -> None:
        self.index = {node: i for i, node in enumerate(weights)}
        rows, columns, share = [], [], []
        for node, edges in weights.items():
            total = sum(edges.values())
            for neighbor, weight in edges.items():
                if weight > 0:
                    rows.append(self.index[node])
                    columns.append(self.index[neighbor])
                    share.append(weight / total)
        self.rows, self.columns = np.array(rows, np.int64), np.array(columns, np.int64)
        self.share = np.array(share, np.float64)
        self.stuck = np.ones(len(self.index))
        self.stuck[self.rows] = 0

    def rank(
        self, seeds: Mapping[str, float], *, damping: float = 0.85, tolerance: float = 1e-10
    ) -> dict[str, float]:
        """The stationary distribution of the walk that returns to `seeds`; see below."""
        if not 0 <= damping < 1:
            raise ValueError(f"damping is {damping}; it must be at least 0 and below 1")
        start = np.zeros(len(self.index))
        for node, weight in seeds.items():
            if node not in self.index or not weight >= 0:
                raise ValueError(
                    f"seeds[{node!r}] is {weight}; it must be a node, with weight >= 0"
                )
            start[self.index[node]] += weight
        if start.sum() == 0:
            raise ValueError(f"seeds is {dict(seeds)}; at least one must have a weight above 0")
        start /= start.sum()
        p, change = start, np.inf
        while change > tolerance:
            moved = np.bincount(self.columns, p[self.rows] * self.share, minlength=len(p))
            new = damping * (moved + (p @ self.stuck) * start) + (1 - damping) * start
            p, change = new, float(np.abs(new - p).sum())
        return dict(zip(self.index, p.tolist(), strict=True))


def personalized_pagerank(
    weights: Weights,
    seeds: Mapping[str, float],
    *,
    damping: float = 0.85,
    tolerance: float = 1e-10,
) -> dict[str, float]:
    """The stationary distribution of a walk that returns to `seeds`, summing to 1.

    Power iteration on ``p = damping * P^T p + (1 - damping) * s``; a walker without an edge to
    follow returns to the seeds as well. The error shrinks by `damping` in each step.

    Args:
        weights: symmetric weights, none negative.
        seeds: where the walk starts, with weights that need not sum to 1.
        damping: probability of following an edge, at least 0 and below 1.
        tolerance: sum of absolute changes at which to stop.

    Raises:
        ValueError: if `damping` is out of range, a seed is no node, or no seed has weight.
    """
    return RandomWalk(weights).rank(seeds, damping=damping, tolerance=tolerance)


def overlap(query: str, text: str) -> float:
    """The share of the query's distinct words that `text` holds, from 0 to 1."""
    asked = set(words(query))
    return len(asked & set(words(text))) / len(asked) if asked else 0.0


def rank_triples(
    graph: KnowledgeGraph,
    triples: Sequence[Triple],
    query: str,
    seeds: Mapping[str, float],
    *,
    mix: float = 0.5,
    damping: float = 0.85,
) -> list[tuple[Triple, float]]:
    """Triples with scores, best first; of equal ones the earlier.

    ``mix`` times the structure plus ``1 - mix`` times the words. Structure is the geometric mean
    of the two ends' PageRank, divided by the largest one among `triples`; words is the share of
    the query's words that the written triple holds.

    Raises:
        ValueError: if `mix` is not within 0 and 1.
    """
    if not 0 <= mix <= 1:
        raise ValueError(f"mix is {mix}; it must be within 0 and 1")
    rank = personalized_pagerank(graph.weights(), seeds, damping=damping)
    flow = [(rank[t.subject] * rank[t.object]) ** 0.5 for t in triples]
    largest = max(flow, default=0.0) or 1.0
    scored = [
        (triple, mix * f / largest + (1 - mix) * overlap(query, str(triple)))
        for triple, f in zip(triples, flow, strict=True)
    ]
    return sorted(scored, key=lambda item: -item[1])


def simple_paths(
    graph: KnowledgeGraph, source: str, target: str, max_hops: int
) -> list[tuple[str, ...]]:
    """All ways from `source` to `target` of at most `max_hops` edges that visit nothing twice.

    Their number grows exponentially with `max_hops`: 2 or 3 is what one can afford.

    Raises:
        ValueError: if an end is no entity or `max_hops` is below 1.
    """
    if max_hops < 1:
        raise ValueError(f"max_hops is {max_hops}; it must be 1 or more")
    graph.neighbors(target)  # raises if unknown
    found: list[tuple[str, ...]] = []
    stack: list[tuple[str, ...]] = [(source,)]
    while stack:
        path = stack.pop()
        for neighbor in reversed(graph.neighbors(path[-1])):
            if neighbor == target:
                found.append((*path, neighbor))
            elif neighbor not in path and len(path) < max_hops:
                stack.append((*path, neighbor))
    return sorted((path for path in found if path[0] != target), key=len)


def rank_paths(
    graph: KnowledgeGraph, paths: Sequence[Sequence[str]], *, decay: float = 0.8
) -> list[tuple[tuple[str, ...], float]]:
    """Paths with the share of a unit of flow that arrives through each, best first.

    The source sends one unit; each entity on the way passes on `decay` times what it got, divided
    by its number of neighbors. A way through a hub is worth little, since the hub connects
    everything with everything.

    Raises:
        ValueError: if `decay` is not above 0 and at most 1.
    """
    if not 0 < decay <= 1:
        raise ValueError(f"decay is {decay}; it must be above 0 and at most 1")
    scored = []
    for path in paths:
        degrees = [len(graph.neighbors(entity)) for entity in path[1:-1]]
        scored.append((tuple(path), float(np.prod([decay / degree for degree in degrees]))))
    return sorted(scored, key=lambda item: -item[1])
