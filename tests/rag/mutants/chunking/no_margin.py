"""Leaves out the margin, so that rounding cuts texts whose similarities are all equal."""


def semantic_chunks(text, sentences, vectors, depth):
    if len(vectors) != len(sentences):
        raise ValueError("vectors must be one per sentence")
    if not text:
        return []
    similarities = [cosine(a, b) for a, b in zip(vectors, vectors[1:])]
    starts = [0]
    if similarities:
        mean = sum(similarities) / len(similarities)
        variance = sum((s - mean) ** 2 for s in similarities) / len(similarities)
        limit = mean - depth * math.sqrt(variance)
        starts += [start for (start, _), s in zip(sentences[1:], similarities) if s <= limit]
    return list(zip(starts, starts[1:] + [len(text)]))
