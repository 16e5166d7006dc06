"""Retrievers: dense search by an encoder of our own making, and what a hybrid passes on."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pytest

from handtorch.rag.bm25 import BM25
from handtorch.rag.dense import Ranking, normalize
from handtorch.rag.fusion import weighted_sum
from handtorch.rag.retrievers import DenseRetriever, HybridRetriever

PASSAGES = {"1": "ab", "2": "bb", "3": "cc", "4": ""}


class Letters:
    """Counts of a, b and c, of length 1; queries are turned to upper case, to tell them apart."""

    name = "letters"

    def encode_passages(self, texts: Sequence[str]) -> np.ndarray:
        counts = [[text.count(letter) for letter in "abc"] for text in texts]
        return normalize(np.array(counts, dtype=np.float64).reshape(len(texts), 3))

    def encode_queries(self, texts: Sequence[str]) -> np.ndarray:
        return self.encode_passages([text.lower() for text in texts])


def test_dense_search_ranks_by_cosine() -> None:
    retriever = DenseRetriever(Letters(), PASSAGES)
    found = retriever.search("B", 3)
    assert [id for id, _ in found] == ["2", "1", "3"]
    np.testing.assert_allclose([score for _, score in found], [1, 0.5**0.5, 0])
    assert len(retriever.search("a", 10)) == 4


@pytest.mark.parametrize("query", ["", "  \n", "xyz"])
def test_a_query_of_nothing_known_finds_nothing(query: str) -> None:
    assert DenseRetriever(Letters(), PASSAGES).search(query) == []
    hybrid = HybridRetriever([BM25(PASSAGES).search, DenseRetriever(Letters(), PASSAGES).search])
    assert hybrid.search(query) == []


def test_an_empty_corpus_finds_nothing() -> None:
    assert DenseRetriever(Letters(), {}).search("a") == []


def test_a_hybrid_finds_what_either_finds_and_asks_deeper_than_k() -> None:
    asked: list[int] = []

    def keyword(query: str, k: int) -> Ranking:
        asked.append(k)
        return [("x", 3.0), ("y", 1.0)][:k]

    def vector(query: str, k: int) -> Ranking:
        asked.append(k)
        return [("z", 0.9), ("y", 0.8)][:k]

    hybrid = HybridRetriever([keyword, vector], depth=20)
    assert [id for id, _ in hybrid.search("q", 1)] == ["y"]  # second twice beats first once
    assert {id for id, _ in hybrid.search("q", 30)} == {"x", "y", "z"}
    assert asked == [20, 20, 30, 30]
    only = HybridRetriever([keyword, vector], partial(weighted_sum, weights=[0, 1]))
    assert [id for id, _ in only.search("q")] == ["z", "y"]


def test_bad_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="searches is empty"):
        HybridRetriever([])
    with pytest.raises(ValueError, match="depth is 0"):
        HybridRetriever([BM25({}).search], depth=0)
    with pytest.raises(ValueError, match="k is 0"):
        DenseRetriever(Letters(), {}).search("a", 0)
    with pytest.raises(ValueError, match="k is -1"):
        HybridRetriever([BM25({}).search]).search("a", -1)
    with pytest.raises(ValueError, match="id '1' occurs twice"):
        DenseRetriever(Letters(), [("1", "a"), ("1", "b")])
