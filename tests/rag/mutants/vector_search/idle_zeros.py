"""Returns zeros of the right shapes."""


def cosine(queries, vectors):
    return np.zeros((len(queries), len(vectors)))


def top_k(scores, k):
    return np.zeros(min(k, len(scores)), dtype=int)


def search(ids, vectors, queries, k):
    return [[(name, 0.0) for name in ids[:k]] for _ in queries]
