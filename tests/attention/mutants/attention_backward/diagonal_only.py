"""Takes p (1 - p) for the softmax's derivative, which is its diagonal."""


def softmax_backward(dp, p):
    return p * (1 - p) * dp
