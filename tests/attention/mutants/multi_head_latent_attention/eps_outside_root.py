"""Adds the small number to the root instead of the mean square."""


def compress(x, w_down, norm, w_rope, start=0):
    z = x @ w_down.T
    c = z / (z.square().mean(-1, keepdim=True).sqrt() + 1e-6) * norm
    return c, rotate(x @ w_rope.T, start)
