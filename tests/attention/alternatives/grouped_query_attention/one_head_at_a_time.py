"""Loops over the query heads, each with its key-value head, and over their weights."""


def grouped_attention(q, k, v, mask=None):
    B, H, T, _ = q.shape
    G, S = k.shape[1:3]
    if H % G != 0:
        raise ValueError(f"k and v have {G} heads, which does not go into {H}")
    allowed = None if mask is None else mask.expand(B, H, T, S)
    parts = []
    for h in range(H):
        g = h * G // H
        parts.append(one_head(q[:, h], k[:, g], v[:, g], None if mask is None else allowed[:, h]))
    return torch.stack(parts, dim=1)


def one_head(q, k, v, mask):
    scores = torch.bmm(q, k.mT) / q.shape[-1] ** 0.5
    if mask is not None:
        scores = scores.masked_fill(mask.logical_not(), -torch.inf)
    highest = scores.amax(-1, keepdim=True).clamp(min=torch.finfo(q.dtype).min)
    powers = (scores - highest).exp()
    total = powers.sum(-1, keepdim=True)
    return torch.bmm(powers / total.clamp(min=torch.finfo(q.dtype).tiny), v)


def grouped_query_attention(x, w_q, w_k, w_v, w_o, n_heads, n_kv_heads, mask=None, cache=None):
    if n_kv_heads not in [n for n in range(1, n_heads + 1) if n_heads % n == 0]:
        raise ValueError("n_kv_heads must divide n_heads")
    q = torch.stack([x @ w.T for w in w_q.chunk(n_heads)], dim=1)
    k = torch.stack([x @ w.T for w in w_k.chunk(n_kv_heads)], dim=1)
    v = torch.stack([x @ w.T for w in w_v.chunk(n_kv_heads)], dim=1)
    if cache is not None:
        k, v = torch.cat([cache[0], k], 2), torch.cat([cache[1], v], 2)
    heads = grouped_attention(q, k, v, mask).unbind(1)
    out = sum(head @ w.T for head, w in zip(heads, w_o.chunk(n_heads, dim=1)))
    return out, [k, v], 2 * k.numel() * k.element_size()


def decode_step(q, k, v):
    return grouped_attention(q, k, v)
