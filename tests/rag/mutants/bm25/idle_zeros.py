"""Finds nothing, in the right shapes."""


def tokenize(text):
    return []


def build_index(documents):
    return list(documents), [0] * len(documents), {}


def bm25_scores(index, terms, k1=1.5, b=0.75):
    return [0.0] * len(index[0])


def bm25_search(index, query, k, k1=1.5, b=0.75):
    return [(name, 0.0) for name in index[0][:k]]
