"""Reshapes (B, T, n·D) straight to (B, n, T, D), which deals out tokens."""


def dealt_out(x, n):
    return x.reshape(x.shape[0], n, x.shape[1], -1)


def grouped_query_attention(x, w_q, w_k, w_v, w_o, n_heads, n_kv_heads, mask=None, cache=None):
    if n_kv_heads < 1 or n_heads % n_kv_heads:
        raise ValueError(f"n_kv_heads is {n_kv_heads}")
    q = dealt_out(x @ w_q.T, n_heads)
    k = dealt_out(x @ w_k.T, n_kv_heads)
    v = dealt_out(x @ w_v.T, n_kv_heads)
    if cache is not None:
        k, v = torch.cat((cache[0], k), dim=2), torch.cat((cache[1], v), dim=2)
    out = grouped_attention(q, k, v, mask)
    size = k.numel() * k.element_size() + v.numel() * v.element_size()
    return out.transpose(1, 2).flatten(2) @ w_o.T, (k, v), size
