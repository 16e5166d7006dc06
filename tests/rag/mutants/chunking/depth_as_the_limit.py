"""Takes the depth itself for the limit, as if cosines had an absolute meaning."""


def semantic_chunks(text, sentences, vectors, depth):
    if len(vectors) != len(sentences):
        raise ValueError("vectors must be one per sentence")
    if not text:
        return []
    similarities = [cosine(a, b) for a, b in zip(vectors, vectors[1:])]
    starts = [0]
    starts += [start for (start, _), s in zip(sentences[1:], similarities) if s < depth - 1e-9]
    return list(zip(starts, starts[1:] + [len(text)]))
