"""Averages the queries of a group, as if a group had one attention pattern."""


def grouped_attention(q, k, v, mask=None):
    B, H, T, D = q.shape
    G = k.shape[1]
    if H % G:
        raise ValueError(f"{G} heads do not divide {H}")
    q = q.reshape(B, G, H // G, T, D).mean(2).repeat_interleave(H // G, dim=1)
    k, v = (t.repeat_interleave(H // G, dim=1) for t in (k, v))
    scores = q @ k.transpose(-2, -1) / math.sqrt(D)
    if mask is not None:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    weights = scores.softmax(-1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)
    return weights @ v
