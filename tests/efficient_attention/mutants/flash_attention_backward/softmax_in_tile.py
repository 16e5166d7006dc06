"""Takes the softmax over the keys of the tile."""


def tile_weights(q, k, lse, allowed=None, *, scale):
    lse = lse.masked_fill(lse == -math.inf, math.inf)  # exp(score - inf) = 0
    p = (scale * q @ k.mT).masked_fill(lse[..., None] == math.inf, -math.inf).softmax(-1)
    p = p.nan_to_num(0.0)
    return p if allowed is None else p.masked_fill(~allowed, 0.0)
