"""Checks only that the overlap is less than the size: a negative one skips characters."""


def sliding_chunks(text, size, overlap):
    if size < 1:
        raise ValueError(f"size is {size}")
    if overlap >= size:
        raise ValueError(f"overlap is {overlap}")
    spans, start = [], 0
    while start < len(text):
        spans.append((start, min(start + size, len(text))))
        if start + size >= len(text):
            break
        start += size - overlap
    return spans
