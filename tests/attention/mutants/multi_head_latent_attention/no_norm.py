"""Caches the latents without normalizing them."""


def compress(x, w_down, norm, w_rope, start=0):
    z = x @ w_down.T
    c = z
    return c, rotate(x @ w_rope.T, start)
