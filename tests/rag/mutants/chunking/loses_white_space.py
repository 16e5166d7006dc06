"""Joins sentences from the start of the first to the stop of the last, and drops what is between."""


def semantic_chunks(text, sentences, vectors, depth):
    if len(vectors) != len(sentences):
        raise ValueError("vectors must be one per sentence")
    if not sentences:
        return [(0, len(text))] if text else []
    similarities = [cosine(a, b) for a, b in zip(vectors, vectors[1:])]
    chunks = [list(sentences[0])]
    if similarities:
        mean = sum(similarities) / len(similarities)
        variance = sum((s - mean) ** 2 for s in similarities) / len(similarities)
        limit = mean - depth * math.sqrt(variance) - 1e-9
    for span, s in zip(sentences[1:], similarities):
        if s < limit:
            chunks.append(list(span))
        else:
            chunks[-1][1] = span[1]
    return [tuple(chunk) for chunk in chunks]
