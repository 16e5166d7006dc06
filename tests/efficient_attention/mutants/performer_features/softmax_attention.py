"""Computes softmax attention instead of its estimate."""


def performer_attention(q, k, v, w):
    root = q.shape[-1] ** 0.5
    query, key = exponents(q / root, w), exponents(k / root, w)
    a = (query - query.amax(-1, keepdim=True)).exp()
    b = (key - key.amax((-2, -1), keepdim=True)).exp()
    return (q @ k.transpose(-2, -1) / root).softmax(-1) @ v
