"""Returns what it was given."""


def cosine(queries, vectors):
    return queries


def top_k(scores, k):
    return scores


def search(ids, vectors, queries, k):
    return ids
