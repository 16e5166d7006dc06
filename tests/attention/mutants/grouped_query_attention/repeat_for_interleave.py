"""Repeats the heads as a b a b, so that neighbors do not share."""


def grouped_attention(q, k, v, mask=None):
    H, G = q.shape[1], k.shape[1]
    if H % G:
        raise ValueError(f"{G} heads do not divide {H}")
    k, v = (t.repeat(1, H // G, 1, 1) for t in (k, v))
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    weights = scores.softmax(-1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)
    return weights @ v


def decode_step(q, k, v):
    B, H, _, D = q.shape
    G = k.shape[1]
    rows = q.reshape(B, H // G, G, D).transpose(1, 2)
    scores = rows @ k.transpose(-2, -1) / math.sqrt(D)
    return (scores.softmax(-1) @ v).transpose(1, 2).reshape(B, H, 1, D)
