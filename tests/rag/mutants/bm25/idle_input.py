"""Returns what it was given."""


def tokenize(text):
    return text


def build_index(documents):
    return documents


def bm25_scores(index, terms, k1=1.5, b=0.75):
    return terms


def bm25_search(index, query, k, k1=1.5, b=0.75):
    return index
