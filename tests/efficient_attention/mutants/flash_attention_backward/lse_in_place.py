"""Changes the caller's lse."""


def tile_weights(q, k, lse, allowed=None, *, scale):
    lse[lse == -math.inf] = math.inf  # exp(score - inf) = 0
    p = (scale * q @ k.mT - lse[..., None]).exp()
    return p if allowed is None else p.masked_fill(~allowed, 0.0)
