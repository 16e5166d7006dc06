"""Retrievers: what turns a question into a ranking of chunks, by vectors or by several searches.

A retriever is a function (query, k) -> [(id, score), ...], best first, so that `BM25.search`,
`KeywordStore.search` and the two below stand in for one another: in an evaluation, in a pipeline,
and inside a hybrid. `DenseRetriever` is the bi-encoder of karpukhin2020: passages are encoded once,
a query when it comes.

What this leaves out: filters (`filtering`), reranking (`rerank`), and routing a query to one of
several retrievers.
"""

from collections.abc import Callable, Sequence

import numpy as np

from handtorch.rag.dense import DenseIndex, Ranking, check_k
from handtorch.rag.embedding import Encoder
from handtorch.rag.fusion import reciprocal_rank_fusion
from handtorch.rag.text import Passages, ids_and_texts

Search = Callable[[str, int], Ranking]
Fuse = Callable[[Sequence[Ranking]], Ranking]


class DenseRetriever:
    """Exact search among the vectors that an encoder gives to passages.

    Args:
        encoder: its vectors have length 1, so scores are cosines.
        passages: a mapping from id to text, (id, text) pairs, or Documents or Chunks.

    Raises:
        ValueError: if an id occurs twice, or a vector has a number that is not finite.
    """

    def __init__(self, encoder: Encoder, passages: Passages) -> None:
        self.encoder = encoder
        ids, texts = ids_and_texts(passages)
        self.index = DenseIndex(ids, encoder.encode_passages(texts))

    def search(self, query: str, k: int = 10) -> Ranking:
        """The k passages nearest to the query.

        A blank query, or one of which the encoder knows nothing (a vector of zeros), finds nothing.

        Raises:
            ValueError: if k < 1.
        """
        check_k(k)
        vector = self.encoder.encode_queries([query])[0]
        return self.index.search(vector, k) if query.strip() and np.any(vector) else []


class HybridRetriever:
    """The fusion of what several retrievers find.

    Args:
        searches: the retrievers.
        fuse: makes one ranking of several; by default reciprocal rank fusion.
        depth: how many passages each retriever gives to the fusion, at least as many as are asked
            for. A passage below that place in one ranking counts as not found by it.

    Raises:
        ValueError: if there are no retrievers, or depth < 1.
    """

    def __init__(
        self, searches: Sequence[Search], fuse: Fuse = reciprocal_rank_fusion, depth: int = 50
    ) -> None:
        if not searches:
            raise ValueError("searches is empty; a hybrid needs at least one retriever")
        if depth < 1:
            raise ValueError(f"depth is {depth}; it must be 1 or more")
        self.searches, self.fuse, self.depth = list(searches), fuse, depth

    def search(self, query: str, k: int = 10) -> Ranking:
        """The k best passages after fusion; ValueError if k < 1."""
        check_k(k)
        return self.fuse([search(query, max(k, self.depth)) for search in self.searches])[:k]
