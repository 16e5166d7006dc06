"""Adds up the parts as if they were not normalized."""


def merge_parts(outs, lses):
    top = lses.amax(0)
    top = top.masked_fill(top == -math.inf, 0)  # no part has anything: -inf - (-inf) is NaN
    weights = (lses - top).exp()
    total = weights.sum(0)
    mixed = (weights[..., None] * outs).sum(0)
    return outs.sum(0), top + total.log()
