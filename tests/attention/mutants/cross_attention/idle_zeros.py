"""Returns zeros of the right shapes."""


def project_context(context, w_k, w_v, n_heads):
    B, S, _ = context.shape
    zeros = torch.zeros(B, n_heads, S, w_k.shape[0] // max(n_heads, 1), dtype=context.dtype)
    return zeros, zeros


def attend(x, k, v, w_q, w_o, real=None):
    return torch.zeros_like(x)
