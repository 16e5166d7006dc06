"""Checks the chunk size, then computes all weights at once."""


def chunked(q, k, v, chunk_size, state=None):
    if chunk_size < 1:
        raise ValueError("chunk_size")
    s, z = empty(k, v) if state is None else state
    query, key = phi(q), phi(k)
    weights = (query @ key.transpose(-2, -1)).tril()
    below = weights.sum(-1, keepdim=True) + query @ z[..., None]
    out = divide(weights @ v + query @ s, below)
    return out, (s + key.transpose(-2, -1) @ v, z + key.sum(-2))
