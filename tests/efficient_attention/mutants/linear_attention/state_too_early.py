"""Adds the chunk to the state before reading it, so that its keys count twice."""


def chunked(q, k, v, chunk_size, state=None):
    if chunk_size < 1:
        raise ValueError(f"chunk_size is {chunk_size}")
    s, z = empty(k, v) if state is None else state
    out = torch.zeros_like(v)
    for start in range(0, q.shape[-2], chunk_size):
        here = slice(start, start + chunk_size)
        query, key, value = phi(q[..., here, :]), phi(k[..., here, :]), v[..., here, :]
        weights = (query @ key.transpose(-2, -1)).tril()
        s, z = s + key.transpose(-2, -1) @ value, z + key.sum(-2)
        above = weights @ value + query @ s
        below = weights.sum(-1, keepdim=True) + query @ z[..., None]
        out[..., here, :] = divide(above, below)
    return out, (s, z)
