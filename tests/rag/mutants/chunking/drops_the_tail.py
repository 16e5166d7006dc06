"""Makes full windows only, so that the end of the text is in none of them."""


def sliding_chunks(text, size, overlap):
    if size < 1:
        raise ValueError(f"size is {size}")
    if not 0 <= overlap < size:
        raise ValueError(f"overlap is {overlap}")
    return [(i, i + size) for i in range(0, len(text) - size + 1, size - overlap)]
