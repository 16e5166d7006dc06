"""Returns the worst of those found first."""


def bm25_search(
    index: Index, query: str, k: int, k1: float = 1.5, b: float = 0.75
) -> list[tuple[str, float]]:
    """The k best documents that contain a term of the query, as (id, score)."""
    if k < 1:
        raise ValueError(f"k is {k}; it must be 1 or more")
    scores = bm25_scores(index, tokenize(query), k1, b)
    ranked = sorted(zip(index[0], scores), key=lambda pair: pair[1])
    return [(name, score) for name, score in ranked if score > 0][:k]
