"""Subtracts the mean from dp in place."""


def softmax_backward(dp, p):
    dp -= (dp * p).sum(-1, keepdim=True)
    return dp * p
