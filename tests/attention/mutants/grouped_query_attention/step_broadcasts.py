"""Decodes with a dimension of 1 that the matrix product broadcasts, and copies."""


def decode_step(q, k, v):
    B, H, _, D = q.shape
    G = k.shape[1]
    rows = q.reshape(B, G, H // G, 1, D)
    scores = rows @ k[:, :, None].transpose(-2, -1) / math.sqrt(D)
    return (scores.softmax(-1) @ v[:, :, None]).reshape(B, H, 1, D)
