"""Groups the queries without copies, but uses the masks of the first H/G heads for all groups."""


def grouped_attention(q, k, v, mask=None):
    B, H, T, D = q.shape
    G, S = k.shape[1:3]
    if H % G:
        raise ValueError(f"{G} heads do not divide {H}")
    n = H // G
    scores = torch.einsum("bgntd,bgsd->bgnts", q.reshape(B, G, n, T, D), k) / math.sqrt(D)
    if mask is not None:
        mask = mask.expand(B, H, T, S)[:, None, :n]
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    weights = scores.softmax(-1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)
    return torch.einsum("bgnts,bgsd->bgntd", weights, v).reshape(B, H, T, -1)
