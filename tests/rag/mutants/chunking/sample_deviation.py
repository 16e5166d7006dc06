"""Takes the deviation of a sample, which divides by the number of gaps less one."""


def semantic_chunks(text, sentences, vectors, depth):
    if len(vectors) != len(sentences):
        raise ValueError("vectors must be one per sentence")
    if not text:
        return []
    similarities = [cosine(a, b) for a, b in zip(vectors, vectors[1:])]
    starts = [0]
    if similarities:
        mean = sum(similarities) / len(similarities)
        rest = max(len(similarities) - 1, 1)
        variance = sum((s - mean) ** 2 for s in similarities) / rest
        limit = mean - depth * math.sqrt(variance) - 1e-9
        starts += [start for (start, _), s in zip(sentences[1:], similarities) if s < limit]
    return list(zip(starts, starts[1:] + [len(text)]))
