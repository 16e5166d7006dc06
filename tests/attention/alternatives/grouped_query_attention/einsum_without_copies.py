"""Groups the queries by einsum everywhere, and never repeats a head."""


def grouped_attention(q, k, v, mask=None):
    B, H, T, D = q.shape
    G, S = k.shape[1:3]
    if H % G:
        raise ValueError(f"{H} query heads cannot share {G} key-value heads evenly")
    rows = q.reshape(B, G, H // G, T, D)
    scores = torch.einsum("bgntd,bgsd->bgnts", rows, k) * D**-0.5
    if mask is None:
        mask = torch.ones(1, 1, 1, 1, dtype=torch.bool)
    mask = mask.expand(B, H, T, S).reshape(scores.shape)
    scores = scores.where(mask, torch.tensor(-torch.inf, dtype=q.dtype))
    weights = torch.softmax(scores, dim=-1).nan_to_num(nan=0.0)
    return torch.einsum("bgnts,bgsd->bgntd", weights, v).reshape(B, H, T, v.shape[-1])


def grouped_query_attention(x, w_q, w_k, w_v, w_o, n_heads, n_kv_heads, mask=None, cache=None):
    if not 0 < n_kv_heads <= n_heads or n_heads % n_kv_heads != 0:
        raise ValueError(f"n_kv_heads={n_kv_heads} must be a divisor of {n_heads}")
    C, D = x.shape[-1], len(w_q) // n_heads
    q = torch.einsum("btc,hdc->bhtd", x, w_q.reshape(n_heads, D, C))
    new = [torch.einsum("btc,gdc->bgtd", x, w.reshape(n_kv_heads, D, C)) for w in (w_k, w_v)]
    kept = [torch.cat(pair, dim=-2) for pair in zip(cache, new)] if cache else new
    out = torch.einsum("bhtd,chd->btc", grouped_attention(q, *kept, mask), w_o.reshape(C, -1, D))
    return out, (kept[0], kept[1]), sum(t.nbytes for t in kept)


def decode_step(q, k, v):
    return grouped_attention(q, k, v)
