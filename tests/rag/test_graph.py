"""The graph against networkx (k hops, PageRank, simple paths), linking and rendering by hand."""

import random

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handtorch.rag.graph import KnowledgeGraph, Triple, k_hop, render, subgraph
from handtorch.rag.graph_ranking import (
    overlap,
    personalized_pagerank,
    rank_paths,
    rank_triples,
    simple_paths,
)

FAMILY = [
    Triple("Ada", "parent of", "Bo"),
    Triple("Bo", "parent of", "Cy"),
    Triple("Cy", "friend of", "Ada"),  # a cycle
    Triple("Cy", "lives in", "New York"),
    Triple("Dee", "lives in", "New York"),
    Triple("York", "is", "a city"),
]


@pytest.fixture
def family():
    return KnowledgeGraph(FAMILY, aliases={"NYC": "New York"})


edges = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=40)


def both(pairs):
    """The same multigraph, ours and networkx's: parallel edges add up."""
    ours = KnowledgeGraph(Triple(str(a), "r", str(b)) for a, b in pairs)
    theirs = nx.Graph()
    for a, b in pairs:
        weight = theirs.get_edge_data(str(a), str(b), {"weight": 0})["weight"]
        theirs.add_edge(str(a), str(b), weight=weight + 1)
    return ours, theirs


@settings(deadline=None, max_examples=60)
@given(edges, st.integers(0, 4))
def test_k_hop_is_networkx_shortest_path_length(pairs, hops):
    ours, theirs = both(pairs)
    seed = str(pairs[0][0])
    wanted = nx.single_source_shortest_path_length(theirs, seed, cutoff=hops)
    assert k_hop(ours, [seed], hops) == dict(wanted)
    ego = nx.ego_graph(theirs, seed, radius=hops)
    found = {frozenset((t.subject, t.object)) for t in subgraph(ours, [seed], hops)}
    assert found == {frozenset(edge) for edge in ego.edges}


@settings(deadline=None, max_examples=40)
@given(edges, st.sampled_from([0.0, 0.5, 0.85, 0.95]))
def test_pagerank_is_that_of_networkx(pairs, damping):
    ours, theirs = both(pairs)
    seeds = {str(pairs[0][0]): 2.0, str(pairs[-1][1]): 1.0}
    wanted = nx.pagerank(theirs, alpha=damping, personalization=seeds, tol=1e-12, max_iter=2000)
    found = personalized_pagerank(ours.weights(), seeds, damping=damping)
    assert found == pytest.approx(wanted, abs=1e-8)
    assert sum(found.values()) == pytest.approx(1)


def test_pagerank_of_a_lonely_seed_stays_there():
    weights = {"a": {}, "b": {"c": 1.0}, "c": {"b": 1.0}}
    found = personalized_pagerank(weights, {"a": 1.0})
    assert found == pytest.approx({"a": 1, "b": 0, "c": 0})


@settings(deadline=None, max_examples=40)
@given(edges, st.integers(1, 4))
def test_simple_paths_are_those_of_networkx(pairs, hops):
    ours, theirs = both(pairs)
    source, target = str(pairs[0][0]), str(pairs[-1][1])
    wanted = [] if source == target else nx.all_simple_paths(theirs, source, target, cutoff=hops)
    found = simple_paths(ours, source, target, hops)
    assert sorted(found) == sorted(map(tuple, wanted))
    assert [len(path) for path in found] == sorted(len(path) for path in found)


def test_paths_through_hubs_carry_little():
    """a-hub-b and a-x-b: the hub has 2 + 8 neighbors, x has 2; the flow is 0.8/10 and 0.8/2."""
    triples = [Triple("a", "r", "hub"), Triple("hub", "r", "b")]
    triples += [Triple("hub", "r", f"n{i}") for i in range(8)]
    triples += [Triple("a", "r", "x"), Triple("x", "r", "b"), Triple("a", "r", "b")]
    graph = KnowledgeGraph(triples)
    ranked = rank_paths(graph, simple_paths(graph, "a", "b", 2), decay=0.8)
    assert [path for path, _ in ranked] == [("a", "b"), ("a", "x", "b"), ("a", "hub", "b")]
    assert [score for _, score in ranked] == pytest.approx([1, 0.4, 0.08])


def test_neighbors_and_weights(family):
    assert family.neighbors("Cy") == ["Bo", "Ada", "New York"]
    twice = KnowledgeGraph([Triple("a", "r", "b"), Triple("b", "s", "a"), Triple("a", "r", "a")])
    assert twice.weights() == {"a": {"b": 2.0, "a": 1.0}, "b": {"a": 2.0}}
    assert twice.neighbors("a") == ["b"]


@pytest.mark.parametrize(
    ("text", "entities"),
    [
        ("Who lives in new york?", ["New York"]),
        ("York is old; NYC is not, and new york neither", ["York", "New York"]),
        ("Adam and Body are others: whole words only", []),
        ("CY, ada and Cy again", ["Cy", "Ada"]),
        ("", []),
    ],
)
def test_linking(family, text, entities):
    assert family.link(text) == entities


def test_linking_identifiers_and_chinese():
    names = ["textwrap.wrap", "textwrap", "os.path.join", "注意力", "自注意力"]
    graph = KnowledgeGraph([Triple(name, "is", "thing") for name in names])
    assert graph.link("does textwrap.wrap() call os.path.join?") == [
        "textwrap.wrap",
        "os.path.join",
    ]
    assert graph.link("自注意力与注意力有何不同") == ["自注意力", "注意力"]


def test_ranking_of_triples_uses_both_signals(family):
    triples = subgraph(family, ["Cy"], 2)
    by_words = rank_triples(family, triples, "where does Dee live in", {"Cy": 1.0}, mix=0.0)
    assert by_words[0][0].subject == "Dee"
    by_walk = rank_triples(family, triples, "where does Dee live in", {"Cy": 1.0}, mix=1.0)
    assert "Cy" in (by_walk[0][0].subject, by_walk[0][0].object)
    assert by_walk[0][1] == pytest.approx(1.0)
    assert overlap("new york", "Dee lives in New York") == 1.0
    assert overlap("", "anything") == 0.0
    assert rank_triples(family, [], "q", {"Cy": 1.0}) == []


def test_render_fills_the_budget_with_whole_lines():
    triples = [Triple("a", "r", "b"), Triple("a", "b c d", "e f"), Triple("c", "r", "d")]
    assert render(triples, 6) == "a | r | b\nc | r | d"
    assert render(triples, 5) == "a | r | b"
    assert render([*triples, triples[0]], 100).count("\n") == 2
    assert render(triples, 0) == "" == render([], 10)
    assert render(triples, 9, count=len) == "a | r | b"


def test_cycles_end():
    ring = KnowledgeGraph(Triple(str(i), "next", str((i + 1) % 100)) for i in range(100))
    reached = k_hop(ring, ["0"], 1000)
    assert len(reached) == 100
    assert max(reached.values()) == 50


def test_pagerank_of_a_large_graph_is_quick_enough_to_be_tested():
    chance = random.Random(0)
    pairs = [(chance.randrange(3000), chance.randrange(3000)) for _ in range(9000)]
    ours, theirs = both(pairs)
    found = personalized_pagerank(ours.weights(), {str(pairs[0][0]): 1.0})
    wanted = nx.pagerank(theirs, personalization={str(pairs[0][0]): 1}, tol=1e-13, max_iter=500)
    assert found == pytest.approx(wanted, abs=1e-8)


def test_bad_arguments(family):
    with pytest.raises(ValueError, match="blank"):
        KnowledgeGraph([Triple("a", " ", "b")])
    with pytest.raises(ValueError, match="aliases"):
        KnowledgeGraph(FAMILY, aliases={"x": "nobody"})
    with pytest.raises(ValueError, match="nobody"):
        k_hop(family, ["nobody"], 1)
    with pytest.raises(ValueError, match="hops is -1"):
        k_hop(family, ["Ada"], -1)
    with pytest.raises(ValueError, match="budget is -1"):
        render(FAMILY, -1)
    with pytest.raises(ValueError, match="damping is 1"):
        personalized_pagerank(family.weights(), {"Ada": 1.0}, damping=1)
    with pytest.raises(ValueError, match="seeds"):
        personalized_pagerank(family.weights(), {"Ada": 0.0})
    with pytest.raises(ValueError, match="nobody"):
        personalized_pagerank(family.weights(), {"nobody": 1.0})
    with pytest.raises(ValueError, match="mix is 2"):
        rank_triples(family, FAMILY, "q", {"Ada": 1.0}, mix=2)
    with pytest.raises(ValueError, match="max_hops is 0"):
        simple_paths(family, "Ada", "Bo", 0)
    with pytest.raises(ValueError, match="decay is 0"):
        rank_paths(family, [], decay=0)
    empty = KnowledgeGraph([])
    assert empty.link("anything") == []
    assert subgraph(empty, [], 2) == []
