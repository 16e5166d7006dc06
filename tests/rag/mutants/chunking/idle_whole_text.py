"""Never cuts: the whole text is one chunk."""


def fixed_chunks(text, size):
    return [(0, len(text))]


def sliding_chunks(text, size, overlap):
    return [(0, len(text))]


def semantic_chunks(text, sentences, vectors, depth):
    return [(0, len(text))]
