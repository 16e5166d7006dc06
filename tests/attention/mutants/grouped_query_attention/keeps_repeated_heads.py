"""Repeats the heads before they are cached, which saves nothing."""


def grouped_query_attention(x, w_q, w_k, w_v, w_o, n_heads, n_kv_heads, mask=None, cache=None):
    if n_kv_heads < 1 or n_heads % n_kv_heads:
        raise ValueError(f"n_kv_heads is {n_kv_heads}")
    q = cut_heads(x @ w_q.T, n_heads)
    k = cut_heads(x @ w_k.T, n_kv_heads)
    v = cut_heads(x @ w_v.T, n_kv_heads)
    if cache is not None:
        k, v = torch.cat((cache[0], k), dim=2), torch.cat((cache[1], v), dim=2)
    k, v = (t.repeat_interleave(n_heads // t.shape[1], dim=1) for t in (k, v))
    out = grouped_attention(q, k, v, mask)
    size = k.numel() * k.element_size() + v.numel() * v.element_size()
    return out.transpose(1, 2).flatten(2) @ w_o.T, (k, v), size
