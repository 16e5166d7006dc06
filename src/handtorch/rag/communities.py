"""Communities of a graph: modularity, Louvain's algorithm, and Leiden's refinement.

Modularity (newman2004) compares the weight inside communities with what a random graph of the same
degrees would have there. Louvain (blondel2008) raises it greedily: move single nodes to the best
neighboring community, make every community a node, repeat. What it returns may fall apart, since a
node that held its community together can leave. Leiden (traag2019) aggregates a *refined*
partition instead, whose parts grew only by merging with what they are connected to; GraphRAG uses
it to find what to summarize (edge2024).

What this leaves out: Leiden's random choice among merges (ours takes the best one), other
objectives such as CPM, and overlapping communities. Modularity itself overlooks communities that
are small beside the whole graph (fortunato2007); `hierarchy` cuts large ones again.
"""

import random
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

from handtorch.rag.graph import Weights

Communities = list[set[str]]
Node = TypeVar("Node", bound=Hashable)


def weights_of(edges: Iterable[tuple[str, str, float]], nodes: Iterable[str] = ()) -> Weights:
    """Symmetric weights of undirected edges, summing those that are given twice.

    Args:
        edges: two nodes and a weight above 0; equal nodes make a loop.
        nodes: nodes that may have no edge.

    Raises:
        ValueError: if a weight is not above 0.
    """
    weights: Weights = {node: {} for node in nodes}
    for a, b, weight in edges:
        if not weight > 0:
            raise ValueError(f"the weight of {(a, b)} is {weight}; it must be above 0")
        for one, other in [(a, b)] if a == b else [(a, b), (b, a)]:
            row = weights.setdefault(one, {})
            row[other] = row.get(other, 0.0) + weight
    return weights


def modularity(weights: Weights, communities: Sequence[set[str]], resolution: float = 1.0) -> float:
    """``sum over c of  L_c / m  -  resolution * (K_c / 2m)^2``, at most 1; 0 without an edge.

    L_c is the weight inside community c, K_c the sum of its degrees, m the weight of all edges. A
    loop counts once in L_c and m, and twice in a degree.

    Raises:
        ValueError: if `communities` does not hold every node exactly once.
    """
    if sorted(node for c in communities for node in c) != sorted(weights):
        raise ValueError("communities must hold every node exactly once")
    degree = _degrees(weights)
    twice_m = sum(degree.values())
    if not twice_m:
        return 0.0
    total = 0.0
    for community in communities:
        ends = sum(
            weight * (2 if node == other else 1)
            for node in community
            for other, weight in weights[node].items()
            if other in community
        )
        degrees = sum(degree[node] for node in community)
        total += ends / twice_m - resolution * (degrees / twice_m) ** 2
    return total


def louvain(weights: Weights, *, resolution: float = 1.0, seed: int = 0) -> Communities:
    """Communities by moving nodes and merging communities in turn, the largest first.

    They need not be connected; `leiden` returns connected ones.

    Args:
        weights: symmetric, as `weights_of` makes them.
        resolution: above 1 for smaller communities, below 1 for larger ones.
        seed: of the order in which nodes are visited.
    """
    return _cluster(weights, resolution, seed, refined=False)


def leiden(weights: Weights, *, resolution: float = 1.0, seed: int = 0) -> Communities:
    """Communities as by `louvain`, refined before each merging, so that each is connected."""
    found = _cluster(weights, resolution, seed, refined=True)
    # A split can only raise modularity: no edge is lost and squares of sums shrink.
    parts = [part for community in found for part in components(weights, community)]
    return _sorted_by_size(parts, weights)


def hierarchy(
    weights: Weights, max_size: int, *, resolution: float = 1.0, seed: int = 0
) -> list[Communities]:
    """Levels of communities, coarse to fine: those above `max_size` nodes are cut again.

    The first level is what `leiden` finds; in each further one, every community that is too
    large is replaced by the communities of its own sub-graph, until none can be cut.

    Raises:
        ValueError: if `max_size` is below 1.
    """
    if max_size < 1:
        raise ValueError(f"max_size is {max_size}; it must be 1 or more")
    levels = [leiden(weights, resolution=resolution, seed=seed)]
    while True:
        finer: Communities = []
        for community in levels[-1]:
            inside = {
                node: {n: w for n, w in weights[node].items() if n in community}
                for node in weights
                if node in community
            }
            large = len(community) > max_size
            finer += leiden(inside, resolution=resolution, seed=seed) if large else [community]
        if len(finer) == len(levels[-1]):
            return levels
        levels.append(_sorted_by_size(finer, weights))


def components(weights: Weights, nodes: Iterable[str]) -> Communities:
    """The connected parts of the sub-graph of `nodes`, in the order of their first node."""
    left = dict.fromkeys(nodes)
    parts = []
    while left:
        stack = [next(iter(left))]
        part = set()
        while stack:
            node = stack.pop()
            if node in left:
                del left[node]
                part.add(node)
                stack.extend(weights[node])
        parts.append(part)
    return parts


def _cluster(weights: Weights, resolution: float, seed: int, *, refined: bool) -> Communities:
    """The loop that both share: move, (refine,) aggregate, until nothing moves any more."""
    if not resolution > 0:
        raise ValueError(f"resolution is {resolution}; it must be above 0")
    chance = random.Random(seed)
    members: dict[int, set[str]] = {i: {node} for i, node in enumerate(weights)}
    number = {node: i for i, node in enumerate(weights)}
    graph = {number[a]: {number[b]: w for b, w in row.items()} for a, row in weights.items()}
    label = {i: i for i in graph}
    while True:
        label = _move(graph, label, resolution, chance)
        parts = _refine(graph, label, resolution, chance) if refined else label
        if len(set(parts.values())) == len(graph):
            break
        graph, members, label = _aggregate(graph, members, label, parts)
    merged: dict[int, set[str]] = {}
    for node, community in label.items():
        merged.setdefault(community, set()).update(members[node])
    return _sorted_by_size(merged.values(), weights)


def _move(
    graph: Mapping[int, Mapping[int, float]],
    label: Mapping[int, int],
    resolution: float,
    chance: random.Random,
) -> dict[int, int]:
    """Move single nodes to the neighboring community that gains most, until none gains."""
    label, degree = dict(label), _degrees(graph)
    twice_m = sum(degree.values()) or 1.0
    total: dict[int, float] = {}
    for node, community in label.items():
        total[community] = total.get(community, 0.0) + degree[node]
    order = list(graph)
    chance.shuffle(order)
    queue = dict.fromkeys(order)  # nodes whose neighborhood has changed since their last visit
    while queue:
        node = next(iter(queue))
        del queue[node]
        own = label[node]
        total[own] -= degree[node]
        links = {own: 0.0}
        for other, weight in graph[node].items():
            if other != node:
                links[label[other]] = links.get(label[other], 0.0) + weight
        gain = {c: w - resolution * degree[node] * total[c] / twice_m for c, w in links.items()}
        best = max(gain, key=lambda c: (gain[c], c == own))
        if gain[best] <= gain[own] + 1e-12:
            best = own
        label[node] = best
        total[best] += degree[node]
        if best != own:
            queue.update(dict.fromkeys(n for n in graph[node] if label[n] != best))
    return label


def _refine(
    graph: Mapping[int, Mapping[int, float]],
    label: Mapping[int, int],
    resolution: float,
    chance: random.Random,
) -> dict[int, int]:
    """Within each community start from single nodes and merge each with what it gains most by.

    Only nodes that are still alone are merged, and only into a part that they have an edge to, so
    every part is connected. Nodes and parts that hang on their community by less than chance
    would give are left alone, as in the paper.
    """
    degree = _degrees(graph)
    twice_m = sum(degree.values()) or 1.0
    community_total: dict[int, float] = {}
    for node, community in label.items():
        community_total[community] = community_total.get(community, 0.0) + degree[node]
    part, total = {node: node for node in graph}, dict(degree)
    outward = {  # the weight from a part to the rest of its community
        node: sum(w for n, w in graph[node].items() if n != node and label[n] == label[node])
        for node in graph
    }
    alone = set(graph)
    order = list(graph)
    chance.shuffle(order)
    for node in order:
        if node not in alone:
            continue
        links: dict[int, float] = {}
        for other, weight in graph[node].items():
            if other != node and label[other] == label[node]:
                links[part[other]] = links.get(part[other], 0.0) + weight

        def holds(p: int, node: int = node) -> bool:
            rest = community_total[label[node]] - total[p]
            return outward[p] >= resolution * total[p] * rest / twice_m - 1e-12

        gain = {
            p: weight - resolution * degree[node] * total[p] / twice_m
            for p, weight in links.items()
            if holds(p)
        }
        if gain and holds(node) and gain[best := max(gain, key=gain.__getitem__)] > 1e-12:
            outward[best] += outward[node] - 2 * links[best]
            total[best] += degree[node]
            part[node] = best
            alone -= {node, best}
    return part


def _aggregate(
    graph: Mapping[int, Mapping[int, float]],
    members: Mapping[int, set[str]],
    label: Mapping[int, int],
    parts: Mapping[int, int],
) -> tuple[dict[int, dict[int, float]], dict[int, set[str]], dict[int, int]]:
    """One node for each part, in the community that its nodes were in."""
    merged: dict[int, dict[int, float]] = {}
    inside: dict[int, set[str]] = {}
    community: dict[int, int] = {}
    for node, row in graph.items():
        mine = parts[node]
        inside.setdefault(mine, set()).update(members[node])
        community[mine] = label[node]
        target = merged.setdefault(mine, {})
        for other, weight in row.items():
            theirs = parts[other]
            # An edge within the part is met from both of its ends; a loop only once.
            half = 0.5 if theirs == mine and other != node else 1.0
            target[theirs] = target.get(theirs, 0.0) + half * weight
    return merged, inside, community


def _degrees(graph: Mapping[Node, Mapping[Node, float]]) -> dict[Node, float]:
    """The sum of each node's weights, a loop counted twice."""
    return {node: sum(row.values()) + row.get(node, 0.0) for node, row in graph.items()}


def _sorted_by_size(communities: Iterable[set[str]], weights: Weights) -> Communities:
    """The largest first; of equal ones, the one with the earlier node."""
    place = {node: i for i, node in enumerate(weights)}
    return sorted(communities, key=lambda c: (-len(c), min(place[node] for node in c)))
