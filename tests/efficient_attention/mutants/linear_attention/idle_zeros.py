"""Returns zeros of the right shapes."""


def parallel(q, k, v):
    return torch.zeros_like(v)


def recurrent(q, k, v, state=None):
    s = torch.zeros(*k.shape[:-2], k.shape[-1], v.shape[-1], dtype=v.dtype)
    return torch.zeros_like(v), (s, torch.zeros_like(s[..., 0]))


def chunked(q, k, v, chunk_size, state=None):
    return recurrent(q, k, v, state)
