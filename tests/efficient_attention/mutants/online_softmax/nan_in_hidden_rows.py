"""Subtracts minus infinity from minus infinity."""


def summarize(scores, values):
    if scores.shape[-1]:
        m = scores.amax(-1)
    else:
        m = scores.new_full(scores.shape[:-1], -math.inf)
    p = (scores - m[:, None]).exp()
    return m, p.sum(-1), p @ values
