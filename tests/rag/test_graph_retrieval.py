"""The walk reaches passages without a common word; edges and seeds by hand."""

import networkx as nx
import pytest

from handtorch.rag.bm25 import BM25
from handtorch.rag.documents import Chunk
from handtorch.rag.graph import KnowledgeGraph, Triple
from handtorch.rag.graph_retrieval import GraphRetriever

TEXTS = {
    "film": "Northwind was directed by Ada Berg.",
    "berg": "Ada Berg grew up near Tromsø.",
    "town": "Tromsø lies on an island.",
    "rome": "Rome has many fountains.",
}
CHUNKS = [Chunk(id, id, 0, len(text), text) for id, text in TEXTS.items()]
GRAPH = KnowledgeGraph(
    [
        Triple("Northwind", "directed by", "Ada Berg", "film"),
        Triple("Ada Berg", "from", "Tromsø", "berg"),
    ]
)


def test_passages_two_hops_away_are_found():
    question = "where is the director of Northwind from"
    assert [id for id, _ in BM25(TEXTS).search(question)] == ["film"]
    for search in (None, BM25(TEXTS).search):
        found = [id for id, _ in GraphRetriever(GRAPH, CHUNKS, search).search(question)]
        assert found == ["film", "berg", "town"]


def test_scores_are_pagerank_of_networkx():
    retriever = GraphRetriever(GRAPH, CHUNKS, damping=0.7)
    graph = nx.Graph()
    graph.add_edge("Northwind", "Ada Berg", weight=1)
    graph.add_edge("Ada Berg", "Tromsø", weight=1)
    graph.add_edge("passage film", "Northwind", weight=1)
    graph.add_edge("passage film", "Ada Berg", weight=1 / 2)
    graph.add_edge("passage berg", "Ada Berg", weight=1 / 2)
    graph.add_edge("passage berg", "Tromsø", weight=1 / 2)
    graph.add_edge("passage town", "Tromsø", weight=1 / 2)
    rank = nx.pagerank(graph, alpha=0.7, personalization={"Northwind": 1}, tol=1e-12, max_iter=500)
    for id, score in retriever.search("Northwind"):
        assert score == pytest.approx(rank[f"passage {id}"], abs=1e-6)


def test_seeds_by_hand():
    both = GraphRetriever(GRAPH, CHUNKS, lambda q, k: [("rome", 3.0), ("town", 1.0)], passages=0.8)
    assert both.seeds("Ada Berg and Northwind") == pytest.approx(
        {"passage rome": 0.6, "passage town": 0.2, "Ada Berg": 0.1, "Northwind": 0.1}
    )
    assert both.seeds("no name") == {"passage rome": 0.75, "passage town": 0.25}
    only = GraphRetriever(GRAPH, CHUNKS)
    assert only.seeds("Northwind") == {"Northwind": 1.0}
    assert only.seeds("no name") == {}
    assert only.search("no name") == []
    assert len(both.search("no name", 1)) == 1


def test_bad_arguments():
    with pytest.raises(ValueError, match="passages is 2"):
        GraphRetriever(GRAPH, CHUNKS, passages=2)
    with pytest.raises(ValueError, match="depth is 0"):
        GraphRetriever(GRAPH, CHUNKS, depth=0)
    with pytest.raises(ValueError, match="k is 0"):
        GraphRetriever(GRAPH, CHUNKS).search("Northwind", 0)
    assert GraphRetriever(KnowledgeGraph([]), []).search("anything") == []
