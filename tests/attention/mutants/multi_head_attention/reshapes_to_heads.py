"""Reshapes straight to (B, H, T, D), which deals out tokens, and back in the same way."""


def split_heads(x, n_heads):
    B, T, C = x.shape
    if n_heads < 1 or C % n_heads:
        raise ValueError(f"n_heads is {n_heads}; it must be a positive divisor of {C}")
    return x.reshape(B, n_heads, T, C // n_heads)


def merge_heads(x):
    return x.reshape(x.shape[0], x.shape[2], -1)
