"""Reshapes straight to (B, H, S, D), which deals out whole tokens to the heads."""


def split_heads(x, n_heads):
    B, T, C = x.shape
    return x.reshape(B, n_heads, T, C // n_heads)
