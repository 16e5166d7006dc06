"""Subtracts the largest score of the chunk from all rows."""


def summarize(scores, values):
    if scores.shape[-1]:
        m = scores.max().expand(scores.shape[0])
    else:
        m = scores.new_full(scores.shape[:-1], -math.inf)
    p = (scores - finite(m)[:, None]).exp()
    return m, p.sum(-1), p @ values
