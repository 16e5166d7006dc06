"""Lets torch do the attention, and this project the cutting."""


def split_heads(x, n_heads):
    from handtorch.attention import multi_head

    return multi_head.split_heads(x, n_heads)


def merge_heads(x):
    from handtorch.attention import multi_head

    return multi_head.merge_heads(x)


def multi_head_attention(x, w_q, w_k, w_v, w_o, n_heads, mask=None):
    B, T, C = x.shape
    if n_heads < 1 or C % n_heads:
        raise ValueError("n_heads")
    q, k, v = ((x @ w.T).unflatten(-1, (n_heads, -1)).transpose(1, 2) for w in (w_q, w_k, w_v))
    out = torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    return out.transpose(1, 2).flatten(2) @ w_o.T
