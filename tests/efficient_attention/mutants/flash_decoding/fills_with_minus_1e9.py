"""Hides with -1e9, so that a part without keys still counts a little."""


def partial_attention(q, k, v, visible):
    B, _, D = q.shape
    q = q.reshape(B, k.shape[1], -1, D)  # (B, G, R, D): the R heads of a group are rows
    hidden = ~visible[:, None, None]
    s = (q @ k.mT / math.sqrt(D)).masked_fill(hidden, -1e9)  # (B, G, R, N)
    p = s.softmax(-1).masked_fill(hidden, 0.0)  # NaN where nothing is visible
    return (p @ v).flatten(1, 2), s.logsumexp(-1).flatten(1)
