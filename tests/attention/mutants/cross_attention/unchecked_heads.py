"""Rounds the head size down, so that left-over channels are lost without a word."""


def project_context(context, w_k, w_v, n_heads):
    B, S, _ = context.shape
    D = w_k.shape[0] // n_heads
    k, v = (context @ w_k.T)[..., : D * n_heads], (context @ w_v.T)[..., : D * n_heads]
    return tuple(part.reshape(B, S, n_heads, D).transpose(1, 2) for part in (k, v))
