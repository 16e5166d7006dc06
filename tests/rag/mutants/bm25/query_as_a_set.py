"""Counts a repeated term of the query once."""


def bm25_scores(index: Index, terms: list[str], k1: float = 1.5, b: float = 0.75) -> list[float]:
    """The BM25 score of every document of the index for the terms of a query."""
    if k1 < 0:
        raise ValueError(f"k1 is {k1}; it must be 0 or more")
    if not 0 <= b <= 1:
        raise ValueError(f"b is {b}; it must be from 0 to 1")
    _, lengths, postings = index
    N, total = len(lengths), [0.0] * len(lengths)
    mean = sum(lengths) / max(N, 1)
    for term in dict.fromkeys(terms):
        documents = postings.get(term, [])
        idf = math.log(1 + (N - len(documents) + 0.5) / (len(documents) + 0.5))
        for i, f in documents:
            total[i] += idf * f / (f + k1 * (1 - b + b * lengths[i] / mean))
    return total
