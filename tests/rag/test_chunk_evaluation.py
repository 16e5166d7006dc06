"""Every chunking gets the same number of characters, counted by hand."""

import numpy as np
import pytest

from handtorch.rag.chunk_evaluation import (
    bm25_search,
    evaluate_budget,
    parent_search,
    vector_search,
    within_budget,
)
from handtorch.rag.chunking import fixed_chunks, parent_child_chunks, with_context
from handtorch.rag.documents import Document, book
from handtorch.rag.questions import Evidence, Question

TEXT = Document("doc", "Numbers", "one two three four five six seven eight nine ten")


def spans(chunks):
    return [(chunk.start, chunk.stop) for chunk in chunks]


def test_the_last_chunk_is_cut_off():
    chunks = fixed_chunks(TEXT, 10)
    assert spans(within_budget(chunks, 25)) == [(0, 10), (10, 20), (20, 25)]
    assert spans(within_budget(chunks, 20)) == [(0, 10), (10, 20)]
    assert sum(len(chunk.text) for chunk in within_budget(chunks, 25)) == 25
    assert len(within_budget(chunks, 10_000)) == len(chunks)
    with pytest.raises(ValueError, match="budget must be at least 1, got 0"):
        within_budget(chunks, 0)


def question(document: Document, quote: str) -> Question:
    return Question("q", "?", "keyword", "dev", (Evidence(document.id, quote, 2),))


def test_evidence_counts_only_within_the_budget():
    """A quote of 60 characters that begins at character 0 of its document: 29 are too few."""
    document = book()[0]
    quote = document.text[:60]
    chunks = fixed_chunks(document, 1000)
    in_order = [(chunk.id, 0.0) for chunk in chunks]
    for budget, recall in ((29, 0.0), (30, 1.0), (5000, 1.0)):
        evaluation = evaluate_budget(
            lambda query, k: in_order[:k], [question(document, quote)], chunks, budget
        )
        assert evaluation.values["recall"] == (recall,)
        assert evaluation.values["hit"] == (recall,)
        assert evaluation.values["shown"] == (min(budget, len(document.text)),)


def test_searches_by_words_by_vectors_and_by_parents():
    document = Document("doc", "Fruit", "Apples are red.\n\nPlums are blue.\n\n# Roots\n\nBeets.")
    parents, children = parent_child_chunks(document, 40, 18)
    assert len(children) > len(parents)
    search = bm25_search(children)
    assert search("plums", 1)[0][0] == children[1].id
    assert parent_search(children, search)("plums", 1)[0][0] == parents[0].id
    titled = bm25_search(children, with_context)
    assert {name for name, _ in titled("fruit", 9)} == {child.id for child in children}

    class Letters:
        name = "letters"

        def encode_passages(self, texts):
            return np.array([[text.count("p"), text.count("B")] for text in texts], float)

        encode_queries = encode_passages

    assert vector_search(children, Letters())("BB", 1)[0][0] == children[-1].id
    with pytest.raises(ValueError, match="children_per_parent must be at least 1, got 0"):
        parent_search(children, search, 0)
