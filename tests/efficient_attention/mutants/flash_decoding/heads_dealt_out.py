"""Gives query head h the key-value head h % G."""


def partial_attention(q, k, v, visible):
    B, _, D = q.shape
    q = q.reshape(B, -1, k.shape[1], D).transpose(1, 2)
    hidden = ~visible[:, None, None]
    s = (q @ k.mT / math.sqrt(D)).masked_fill(hidden, -math.inf)  # (B, G, R, N)
    p = s.softmax(-1).masked_fill(hidden, 0.0)  # NaN where nothing is visible
    return (p @ v).transpose(1, 2).flatten(1, 2), s.logsumexp(-1).transpose(1, 2).flatten(1)
