"""Returns zeros of the right shape."""


def finite_differences(f, x, step=1e-6):
    return torch.zeros_like(x)


def softmax_backward(dp, p):
    return torch.zeros_like(dp)


def attention_backward(dout, q, k, v, mask=None, *, scale=None):
    return torch.zeros_like(q), torch.zeros_like(k), torch.zeros_like(v)
