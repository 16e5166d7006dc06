"""Moves the last window back so that it is as long as the others."""


def sliding_chunks(text, size, overlap):
    if size < 1:
        raise ValueError(f"size is {size}")
    if not 0 <= overlap < size:
        raise ValueError(f"overlap is {overlap}")
    spans, start = [], 0
    while start < len(text):
        if start + size >= len(text):
            spans.append((max(len(text) - size, 0), len(text)))
            break
        spans.append((start, start + size))
        start += size - overlap
    return spans
