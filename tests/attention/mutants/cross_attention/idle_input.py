"""Returns what it was given."""


def project_context(context, w_k, w_v, n_heads):
    return context, context


def attend(x, k, v, w_q, w_o, real=None):
    return x
