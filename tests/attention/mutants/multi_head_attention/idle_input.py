"""Returns what it was given."""


def split_heads(x, n_heads):
    return x


def merge_heads(x):
    return x


def multi_head_attention(x, w_q, w_k, w_v, w_o, n_heads, mask=None):
    return x
