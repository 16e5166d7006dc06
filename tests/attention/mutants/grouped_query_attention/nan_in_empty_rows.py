"""Gives NaN to a query that may attend to nothing."""


def grouped_attention(q, k, v, mask=None):
    H, G = q.shape[1], k.shape[1]
    if H % G:
        raise ValueError(f"{G} heads do not divide {H}")
    k, v = (t.repeat_interleave(H // G, dim=1) for t in (k, v))
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    weights = scores.softmax(-1)
    return weights @ v
