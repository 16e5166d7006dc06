"""Forgets the sum of the row in the softmax's derivative."""


def softmax_backward(dp, p):
    return p * dp
