"""Communities against networkx: equal modularity of a partition, quality, connectedness."""

import random

import networkx as nx
import pytest

from handtorch.rag.communities import (
    components,
    hierarchy,
    leiden,
    louvain,
    modularity,
    weights_of,
)


def from_networkx(graph):
    """Weights with nodes as strings; networkx counts a loop twice in a degree, as we do."""
    edges = [(str(a), str(b), float(d.get("weight", 1))) for a, b, d in graph.edges(data=True)]
    return weights_of(edges, map(str, graph))


def weighted(graph, seed, loops=0):
    chance = random.Random(seed)
    for a, b in graph.edges:
        graph[a][b]["weight"] = chance.randint(1, 5)
    for node in chance.sample(sorted(graph), loops):
        graph.add_edge(node, node, weight=chance.randint(1, 3))
    return graph


def graphs():
    yield "karate", nx.karate_club_graph()
    yield "les miserables", nx.les_miserables_graph()
    for seed in range(4):
        yield f"random {seed}", weighted(nx.gnm_random_graph(60, 150, seed=seed), seed, loops=5)
        planted = nx.planted_partition_graph(6, 15, 0.5, 0.03, seed=seed)
        yield f"planted {seed}", weighted(nx.Graph(planted), seed)
        yield f"scale-free {seed}", nx.barabasi_albert_graph(120, 2, seed=seed)


GRAPHS = dict(graphs())


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("resolution", [0.5, 1.0, 2.0])
def test_modularity_is_that_of_networkx(name, resolution):
    graph, chance = GRAPHS[name], random.Random(3)
    parts = {}
    for node in graph:
        parts.setdefault(chance.randrange(5), set()).add(node)
    wanted = nx.community.modularity(graph, parts.values(), resolution=resolution)
    ours = [{str(node) for node in part} for part in parts.values()]
    assert modularity(from_networkx(graph), ours, resolution) == pytest.approx(wanted, abs=1e-12)


def test_modularity_by_hand():
    """Two triangles and a bridge: m = 7, each has L = 3 and K = 7, so Q = 2 (3/7 - 1/4)."""
    edges = [("a", "b"), ("b", "c"), ("a", "c"), ("d", "e"), ("e", "f"), ("d", "f"), ("c", "d")]
    weights = weights_of([(a, b, 1.0) for a, b in edges])
    halves = [set("abc"), set("def")]
    assert modularity(weights, halves) == pytest.approx(2 * (3 / 7 - 1 / 4))
    assert leiden(weights) == louvain(weights) == halves
    assert modularity(weights, [set("abcdef")]) == pytest.approx(0)


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("method", [louvain, leiden])
def test_quality_reaches_that_of_networkx(name, method):
    """The bound: within 2% of the best of 5 runs of networkx's Louvain, taking our best of 5."""
    graph = GRAPHS[name]
    weights = from_networkx(graph)
    theirs = max(
        nx.community.modularity(graph, nx.community.louvain_communities(graph, seed=seed))
        for seed in range(5)
    )
    ours = max(modularity(weights, method(weights, seed=seed)) for seed in range(5))
    assert ours >= 0.98 * theirs


@pytest.mark.parametrize("seed", range(4))
def test_planted_communities_are_found(seed):
    graph = nx.planted_partition_graph(5, 20, 0.6, 0.01, seed=seed)
    found = leiden(from_networkx(graph), seed=seed)
    wanted = [{str(node) for node in range(20 * i, 20 * i + 20)} for i in range(5)]
    assert sorted(map(sorted, found)) == sorted(map(sorted, wanted))


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("resolution", [0.3, 1.0, 3.0])
def test_leiden_is_a_partition_into_connected_communities(name, resolution):
    graph = GRAPHS[name]
    for seed in range(3):
        found = leiden(from_networkx(graph), resolution=resolution, seed=seed)
        assert sorted(n for c in found for n in c) == sorted(map(str, graph))
        named = nx.relabel_nodes(graph, str)
        assert all(nx.is_connected(named.subgraph(c)) for c in found)


def test_no_single_node_gains_by_moving():
    """What local moving promises of its result, checked by trying every move."""
    graph = GRAPHS["planted 1"]
    weights = from_networkx(graph)
    found = louvain(weights, seed=1)
    best = modularity(weights, found)
    for i, home in enumerate(found):
        for node in sorted(home):
            for j in range(len(found)):
                if i != j:
                    moved = [c - {node} for c in found]
                    moved[j] = moved[j] | {node}
                    assert modularity(weights, [c for c in moved if c]) <= best + 1e-12


def test_hierarchy_refines_level_by_level():
    weights = from_networkx(GRAPHS["planted 0"])
    levels = hierarchy(weights, max_size=8)
    assert len(levels) > 1
    for coarse, fine in zip(levels, levels[1:]):
        assert all(any(small <= large for large in coarse) for small in fine)
        assert len(fine) > len(coarse)
    assert hierarchy(weights, max_size=1000) == [leiden(weights)]


def test_empty_isolated_and_loops():
    assert leiden({}) == louvain({}) == []
    assert modularity({}, []) == 0.0
    lonely = weights_of([], nodes=["a", "b"])
    assert leiden(lonely) == [{"a"}, {"b"}]
    assert leiden(weights_of([("a", "a", 1.0)])) == [{"a"}]
    assert components(lonely, ["a", "b"]) == [{"a"}, {"b"}]


def test_same_seed_same_communities():
    weights = from_networkx(GRAPHS["random 0"])
    assert leiden(weights, seed=7) == leiden(weights, seed=7)


def test_bad_arguments():
    weights = weights_of([("a", "b", 1.0)])
    with pytest.raises(ValueError, match="every node exactly once"):
        modularity(weights, [{"a"}])
    with pytest.raises(ValueError, match="resolution"):
        leiden(weights, resolution=0)
    with pytest.raises(ValueError, match="max_size"):
        hierarchy(weights, 0)
    with pytest.raises(ValueError, match="weight"):
        weights_of([("a", "b", 0.0)])
