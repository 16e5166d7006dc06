"""Counts the starts by len - overlap, which is not positive for a text within the overlap."""


def sliding_chunks(text, size, overlap):
    if size < 1:
        raise ValueError(f"size is {size}")
    if not 0 <= overlap < size:
        raise ValueError(f"overlap is {overlap}")
    starts = range(0, len(text) - overlap, size - overlap)
    return [(start, min(start + size, len(text))) for start in starts]
