"""Computes the number of windows in advance, and the statistics with the standard library."""

import statistics


def sliding_chunks(text, size, overlap):
    if size < 1:
        raise ValueError(f"size must be positive: {size}")
    if overlap < 0 or overlap >= size:
        raise ValueError(f"overlap must be in [0, size): {overlap}")
    if not text:
        return []
    step = size - overlap
    count = 1 + max(0, -(-(len(text) - size) // step))
    return [(i * step, min(i * step + size, len(text))) for i in range(count)]


def fixed_chunks(text, size):
    if size < 1:
        raise ValueError(f"size must be positive: {size}")
    return [(i, min(i + size, len(text))) for i in range(0, len(text), size)]


def semantic_chunks(text, sentences, vectors, depth):
    if len(sentences) != len(vectors):
        raise ValueError("vectors and sentences differ in number")
    norms = [math.sqrt(sum(x * x for x in v)) for v in vectors]
    units = [[x / n for x in v] if n else [0.0] * len(v) for v, n in zip(vectors, norms)]
    alike = [math.fsum(x * y for x, y in zip(u, v)) for u, v in zip(units, units[1:])]
    cuts = []
    if alike:
        limit = statistics.fmean(alike) - depth * statistics.pstdev(alike)
        cuts = [sentences[i + 1][0] for i, s in enumerate(alike) if limit - s > 1e-9]
    edges = [0, *cuts, len(text)]
    return [(a, b) for a, b in zip(edges, edges[1:]) if a < b]
