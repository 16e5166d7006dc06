"""Takes the part with the largest log-sum-exp."""


def merge_parts(outs, lses):
    lse, best = lses.max(0)
    out = outs.gather(0, best[None, ..., None].expand(1, *outs.shape[1:]))[0]
    return out.masked_fill((lse == -math.inf)[..., None], 0), lse
