"""Starts windows wherever there is a character left, also where nothing new is shown."""


def sliding_chunks(text, size, overlap):
    if size < 1:
        raise ValueError(f"size is {size}")
    if not 0 <= overlap < size:
        raise ValueError(f"overlap is {overlap}")
    starts = range(0, len(text), size - overlap)
    return [(start, min(start + size, len(text))) for start in starts]
