"""Refuses only an overlap greater than the size, and moves by one where it is equal."""


def sliding_chunks(text, size, overlap):
    if size < 1:
        raise ValueError(f"size is {size}")
    if not 0 <= overlap <= size:
        raise ValueError(f"overlap is {overlap}")
    spans, start = [], 0
    while start < len(text):
        spans.append((start, min(start + size, len(text))))
        if start + size >= len(text):
            break
        start += max(size - overlap, 1)
    return spans
