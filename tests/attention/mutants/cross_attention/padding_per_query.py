"""Broadcasts real from the right, so that its rows meet the queries where B = T."""


def attend(x, k, v, w_q, w_o, real=None):
    B, H, S, D = k.shape
    q = split_heads(x @ w_q.T, H)
    scores = q @ k.transpose(-2, -1) / math.sqrt(D)
    if real is not None:
        if real.shape != (B, S):
            raise ValueError(f"real has shape {tuple(real.shape)}")
        if B == x.shape[1]:
            real = real[None, None]
        else:
            real = real[:, None, None]
        scores = scores.masked_fill(~real, -math.inf)
    p = scores.softmax(-1).nan_to_num(0.0)
    return (p @ v).transpose(1, 2).flatten(2) @ w_o.T
