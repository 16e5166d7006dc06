"""Loops over sequences and queries, with the softmax's whole Jacobian for each row."""

import itertools


def finite_differences(f, x, step=1e-6):
    slopes = torch.zeros(x.shape, dtype=x.dtype)
    for place in itertools.product(*(range(size) for size in x.shape)):
        up, down = x.clone(), x.clone()
        up[place] = up[place] + step
        down[place] = down[place] - step
        slopes[place] = (f(up) - f(down)) / (2 * step)
    return slopes


def softmax_backward(dp, p):
    matrix = torch.diag_embed(p) - p[..., :, None] * p[..., None, :]
    return (matrix @ dp[..., None])[..., 0]


def attention_backward(dout, q, k, v, mask=None, *, scale=None):
    if list(dout.shape) != [*q.shape[:-1], v.shape[-1]]:
        raise ValueError(f"dout must have the shape of the output, not {list(dout.shape)}")
    factor = q.shape[-1] ** -0.5 if scale is None else scale
    T, S = q.shape[-2], k.shape[-2]
    allowed = torch.ones(T, S, dtype=torch.bool) if mask is None else mask
    allowed = allowed.expand(*q.shape[:-1], S)
    dq, dk, dv = torch.zeros_like(q), torch.zeros_like(k), torch.zeros_like(v)
    for at in itertools.product(*(range(size) for size in q.shape[:-2])):
        for i in range(T):
            keys = allowed[at][i].nonzero()[:, 0]
            if not len(keys):
                continue
            p = (factor * k[at][keys] @ q[at][i]).softmax(0)
            ds = factor * softmax_backward(v[at][keys] @ dout[at][i], p)
            dq[at][i] = ds @ k[at][keys]
            dk[at][keys] += ds[:, None] * q[at][i]
            dv[at][keys] += p[:, None] * dout[at][i]
    return dq, dk, dv
