"""Subtracts a maximum for each key, which reweights the keys."""


def performer_attention(q, k, v, w):
    root = q.shape[-1] ** 0.25
    query, key = exponents(q / root, w), exponents(k / root, w)
    a = (query - query.amax(-1, keepdim=True)).exp()
    b = (key - key.amax((-2, -1), keepdim=True)).exp()
    b = (key - key.amax(-1, keepdim=True)).exp()
    return a @ (b.transpose(-2, -1) @ v) / (a @ b.sum(-2)[..., None])
