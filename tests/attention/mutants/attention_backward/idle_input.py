"""Returns what it was given."""


def finite_differences(f, x, step=1e-6):
    return x


def softmax_backward(dp, p):
    return dp


def attention_backward(dout, q, k, v, mask=None, *, scale=None):
    return q, k, v
