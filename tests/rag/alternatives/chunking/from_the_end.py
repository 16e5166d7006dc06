"""Recursion from the left for windows, and joining from the right for sentences."""


def fixed_chunks(text, size):
    if size < 1:
        raise ValueError("size")
    spans, rest = [], len(text)
    while rest > 0:
        start = (rest - 1) // size * size
        spans.insert(0, (start, rest))
        rest = start
    return spans


def sliding_chunks(text, size, overlap):
    if size < 1:
        raise ValueError("size")
    if overlap not in range(size):
        raise ValueError("overlap")
    spans = []
    for start in range(0, len(text), size - overlap):
        if spans and spans[-1][1] == len(text):
            return spans
        spans.append((start, start + len(text[start : start + size])))
    return spans


def semantic_chunks(text, sentences, vectors, depth):
    if len(sentences) - len(vectors):
        raise ValueError("vectors")
    gaps = []
    for i in range(1, len(vectors)):
        a, b = vectors[i - 1], vectors[i]
        length = math.dist(a, [0.0] * len(a)) * math.dist(b, [0.0] * len(b))
        gaps.append(
            math.sumprod(a, b) / length
            if hasattr(math, "sumprod") and length
            else sum(x * y for x, y in zip(a, b)) / length
            if length
            else 0.0
        )
    mean = sum(gaps) / max(len(gaps), 1)
    deviation = (sum(g * g for g in gaps) / max(len(gaps), 1) - mean * mean) if gaps else 0.0
    limit = mean - depth * max(deviation, 0.0) ** 0.5
    spans, stop = [], len(text)
    for i in reversed(range(len(gaps))):
        if gaps[i] < limit - 1e-9:
            spans.append((sentences[i + 1][0], stop))
            stop = sentences[i + 1][0]
    if stop:
        spans.append((0, stop))
    return spans[::-1]
