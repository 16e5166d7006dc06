"""The rules on small documents, by hand, and what they find in the real corpus."""

import pytest

from handtorch.rag.documents import Chunk, Document, book
from handtorch.rag.graph import KnowledgeGraph, Triple
from handtorch.rag.graph_ranking import personalized_pagerank
from handtorch.rag.triples import corpus_graph, extract_triples, passage_weights


def documents():
    links = {"links": "page#b missing#x"}
    return [
        Document("page", "The page", "# The page\n\nAll about masks."),
        Document("page#a", "Masks", "Set key_padding_mask as Vaswani (2017) did with GQA.", links),
        Document("page#b", "More", "Flash decoding is a split over keys. It is a way. See t.T, and"
                 " key_padding_mask, (Vaswani 2017), GQA and textwrap.wrap."),
        Document("textwrap.wrap", "textwrap.wrap", "Wrap text. No flash decoding here."),
    ]  # fmt: skip


def test_rules_by_hand():
    wanted = [
        ("page#a", "part of", "page"),
        ("page#a", "links to", "page#b"),
        ("page#a", "uses", "key_padding_mask"),
        ("page#a", "uses", "GQA"),
        ("page#a", "cites", "Vaswani 2017"),
        ("page#b", "part of", "page"),
        ("page#b", "uses", "key_padding_mask"),
        ("page#b", "uses", "GQA"),
        ("page#b", "names", "textwrap.wrap"),
        ("page#b", "cites", "Vaswani 2017"),
        ("page#b", "defines", "Flash decoding"),
        ("Flash decoding", "is a", "split over keys"),
        ("textwrap.wrap", "part of", "textwrap"),
    ]
    found = extract_triples(documents())
    assert [(t.subject, t.relation, t.object) for t in found] == wanted
    assert all(t.source for t in found)


def test_limits_on_how_many_documents_hold_a_name():
    rare = extract_triples(documents(), least=1, most=1)
    assert {t.relation for t in rare} == {"part of", "links to", "names"}
    with pytest.raises(ValueError, match="least is 3"):
        extract_triples([], least=3, most=2)
    assert extract_triples([]) == []


def test_titles_are_names():
    graph = corpus_graph(documents())
    assert graph.link("what of masks?") == ["page#a"]


def test_passages_in_the_graph():
    """GQA is named by two passages and binds each by 1/2, split by one."""
    graph = KnowledgeGraph([Triple("a", "uses", "GQA"), Triple("b", "uses", "split")])
    chunks = [Chunk("a:0", "a", 0, 3, "GQA"), Chunk("b:0", "b", 0, 3, "GQA split"),
              Chunk("c:0", "c", 0, 1, "x")]  # fmt: skip
    weights = passage_weights(graph, chunks)
    assert weights["passage a:0"] == {"GQA": 0.5, "a": 1.0}
    assert weights["passage b:0"] == {"GQA": 0.5, "split": 1.0, "b": 1.0}
    assert weights["passage c:0"] == {}
    assert weights["GQA"]["passage b:0"] == 0.5
    assert all(weights[b][a] == w for a, row in weights.items() for b, w in row.items())
    rank = personalized_pagerank(weights, {"split": 1.0})
    assert rank["passage b:0"] > rank["passage a:0"] > rank["passage c:0"] == 0
    assert "passage a:0" not in graph.weights()


def test_the_book():
    """Every link of the book becomes a triple, and what is cited by two sections connects them."""
    pages = book()
    graph = corpus_graph(pages)
    ids = {document.id for document in pages}
    links = [(d.id, o) for d in pages for o in d.metadata["links"].split() if o in ids - {d.id}]
    assert [(t.subject, t.object) for t in graph.triples if t.relation == "links to"] == links
    assert len(graph.neighbors("Ainslie 2023")) >= 2
