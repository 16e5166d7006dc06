"""Leaves the lse of queries without keys as it is: their weights are inf."""


def tile_weights(q, k, lse, allowed=None, *, scale):
    p = (scale * q @ k.mT - lse[..., None]).exp()
    return p if allowed is None else p.masked_fill(~allowed, 0.0)
