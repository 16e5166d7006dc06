"""Hands every chunk to the recurrent form."""


def chunked(q, k, v, chunk_size, state=None):
    if chunk_size < 1:
        raise ValueError("chunk_size")
    return recurrent(q, k, v, state)
