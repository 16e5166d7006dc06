"""Absorbs with one key for all heads that the product broadcasts, and calls it for both forms."""


def latent_attention(x, w, n_heads, mask=None, cache=None):
    return latent_attention_absorbed(x, w, n_heads, mask, cache)


def latent_attention_absorbed(x, w, n_heads, mask=None, cache=None):
    B, T, _ = x.shape
    R, Dr = len(w["down"]), len(w["k_rope"])
    P = 0 if cache is None else cache[0].size(1)
    c, k_rope = compress(x, w["down"], w["norm"], w["k_rope"], P)
    if P:
        c, k_rope = torch.cat([cache[0], c], dim=1), torch.cat([cache[1], k_rope], dim=1)
    q = (x @ w["q"].T).view(B, T, n_heads, -1).permute(0, 2, 1, 3)
    D = q.size(-1) - Dr
    query = torch.cat([q[..., :D] @ w["k_up"].view(n_heads, D, R), rotate(q[..., D:], P)], dim=-1)
    key = torch.cat([c, k_rope], dim=-1).view(B, 1, -1, R + Dr)
    scores = query.div(math.sqrt(D + Dr)).matmul(key.transpose(2, 3))
    if mask is not None:
        scores = scores + torch.zeros(mask.shape, dtype=x.dtype).masked_fill(~mask, -math.inf)
    powers = (scores - scores.amax(-1, keepdim=True).nan_to_num(neginf=0.0)).exp()
    weights = powers / powers.sum(-1, keepdim=True).clamp(min=1e-30)
    mean = weights @ c[:, None]
    heads = mean @ w["v_up"].view(n_heads, -1, R).transpose(1, 2)
    return heads.permute(0, 2, 1, 3).reshape(B, T, -1) @ w["o"].T, (c, k_rope)
