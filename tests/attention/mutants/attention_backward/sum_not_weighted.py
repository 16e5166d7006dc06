"""Subtracts the sum of dp, not weighted by p."""


def softmax_backward(dp, p):
    return p * (dp - dp.sum(-1, keepdim=True))
