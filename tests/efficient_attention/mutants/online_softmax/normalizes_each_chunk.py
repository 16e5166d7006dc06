"""Divides the weighted values of each chunk by its sum."""


def summarize(scores, values):
    if scores.shape[-1]:
        m = scores.amax(-1)
    else:
        m = scores.new_full(scores.shape[:-1], -math.inf)
    p = (scores - finite(m)[:, None]).exp()
    total = p.sum(-1)
    return m, total, p @ values / total.clamp(min=1e-30)[:, None]
