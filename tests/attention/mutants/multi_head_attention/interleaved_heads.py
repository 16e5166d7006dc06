"""Gives head h every H-th channel."""


def split_heads(x, n_heads):
    B, T, C = x.shape
    if n_heads < 1 or C % n_heads:
        raise ValueError(f"n_heads is {n_heads}; it must be a positive divisor of {C}")
    return x.reshape(B, T, C // n_heads, n_heads).permute(0, 3, 1, 2)


def merge_heads(x):
    return x.permute(0, 2, 3, 1).flatten(2)
