"""Rounds the head size down and drops the channels left over."""


def split_heads(x, n_heads):
    B, T, C = x.shape
    return x[..., : C // n_heads * n_heads].reshape(B, T, n_heads, -1).transpose(1, 2)
