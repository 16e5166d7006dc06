"""Multiplies by the mask: inf times 0 is NaN."""


def tile_weights(q, k, lse, allowed=None, *, scale):
    lse = lse.masked_fill(lse == -math.inf, math.inf)  # exp(score - inf) = 0
    p = (scale * q @ k.mT - lse[..., None]).exp()
    return p if allowed is None else p * allowed
