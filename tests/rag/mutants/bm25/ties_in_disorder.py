"""Sorts with NumPy's default, which is not stable."""


def bm25_search(
    index: Index, query: str, k: int, k1: float = 1.5, b: float = 0.75
) -> list[tuple[str, float]]:
    """The k best documents that contain a term of the query, as (id, score)."""
    if k < 1:
        raise ValueError(f"k is {k}; it must be 1 or more")
    scores = bm25_scores(index, tokenize(query), k1, b)
    import numpy as np

    ranked = [(index[0][i], scores[i]) for i in np.argsort(-np.array(scores))]
    return [(name, score) for name, score in ranked[:k] if score > 0]
