"""Has the sign of the softmax's derivative the wrong way round."""


def softmax_backward(dp, p):
    return p * ((dp * p).sum(-1, keepdim=True) - dp)
