"""Calls this project's own module, and torch.func for the rest."""


def finite_differences(f, x, step=1e-6):
    return torch.func.grad(f)(x)


def softmax_backward(dp, p):
    from handtorch.attention import backward

    return backward.softmax_backward(dp, p)


def attention_backward(dout, q, k, v, mask=None, *, scale=None):
    from handtorch.attention import backward

    return backward.attention_backward(dout, q, k, v, mask, scale=scale)
