"""Divides queries by the root of D before phi, out of habit."""


def parallel(q, k, v):
    weights = (phi(q / q.shape[-1] ** 0.5) @ phi(k).transpose(-2, -1)).tril()
    return divide(weights @ v, weights.sum(-1, keepdim=True))
