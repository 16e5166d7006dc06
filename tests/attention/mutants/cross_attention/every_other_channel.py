"""Gives head h every H-th channel instead of neighboring ones."""


def split_heads(x, n_heads):
    B, T, C = x.shape
    return x.reshape(B, T, C // n_heads, n_heads).permute(0, 3, 1, 2)
