"""Clustered vectors and recall, for the tests of the approximate indexes."""

from collections.abc import Callable

import numpy as np

N, DIM, QUERIES, K = 2000, 24, 60, 10


def clustered(n: int = N, dim: int = DIM, clusters: int = 60, seed: int = 0) -> np.ndarray:
    """Points around centers, float32: neighbors exist, as in embeddings of texts."""
    chance = np.random.default_rng(seed)
    centers = np.random.default_rng(1234).normal(size=(clusters, dim))
    points = centers[chance.integers(clusters, size=n)] + 0.6 * chance.normal(size=(n, dim))
    return points.astype(np.float32)


def names(n: int = N) -> list[str]:
    return [f"v{i}" for i in range(n)]


def nearest(vectors: np.ndarray, queries: np.ndarray, metric: str, k: int = K) -> np.ndarray:
    """The k nearest of each query by faiss's flat index, (queries, k)."""
    import faiss

    vectors, queries = vectors.copy(), queries.copy()
    if metric == "cosine":
        faiss.normalize_L2(vectors)
        faiss.normalize_L2(queries)
    index = faiss.IndexFlatIP(DIM) if metric == "cosine" else faiss.IndexFlatL2(DIM)
    index.add(vectors)
    return index.search(queries, k)[1]


def recall(search: Callable[[np.ndarray], list], queries: np.ndarray, truth: np.ndarray) -> float:
    """The mean share of the true neighbors that `search` returns."""
    shares = []
    for query, right in zip(queries, truth):
        found = {int(id.removeprefix("v")) for id, _ in search(query)}
        shares.append(len(found & set(right.tolist())) / len(right))
    return float(np.mean(shares))
