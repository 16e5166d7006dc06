"""Sorts pairs of score and id, downward."""


def bm25_search(
    index: Index, query: str, k: int, k1: float = 1.5, b: float = 0.75
) -> list[tuple[str, float]]:
    """The k best documents that contain a term of the query, as (id, score)."""
    if k < 1:
        raise ValueError(f"k is {k}; it must be 1 or more")
    scores = bm25_scores(index, tokenize(query), k1, b)
    ranked = [(name, s) for s, name in sorted(zip(scores, index[0]), reverse=True)]
    return [(name, score) for name, score in ranked[:k] if score > 0]
