"""Leaves the heads behind the tokens, (B, T, H, D), so that attention is among heads."""


def split_heads(x, n_heads):
    B, T, C = x.shape
    if n_heads < 1 or C % n_heads:
        raise ValueError(f"n_heads is {n_heads}; it must be a positive divisor of {C}")
    return x.reshape(B, T, n_heads, C // n_heads)


def merge_heads(x):
    return x.flatten(2)
