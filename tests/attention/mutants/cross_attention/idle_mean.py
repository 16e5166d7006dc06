"""Averages context and values, whatever is asked."""


def project_context(context, w_k, w_v, n_heads):
    mean = context.mean(1, keepdim=True)[:, None].expand(-1, n_heads, -1, -1)
    return mean, mean


def attend(x, k, v, w_q, w_o, real=None):
    return v.mean(2).flatten(1)[:, None].expand_as(x)
