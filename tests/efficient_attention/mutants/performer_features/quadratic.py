"""Multiplies queries and keys first."""


def performer_attention(q, k, v, w):
    root = q.shape[-1] ** 0.25
    query, key = exponents(q / root, w), exponents(k / root, w)
    a = (query - query.amax(-1, keepdim=True)).exp()
    b = (key - key.amax((-2, -1), keepdim=True)).exp()
    weights = a @ b.transpose(-2, -1)
    return weights @ v / weights.sum(-1, keepdim=True)
