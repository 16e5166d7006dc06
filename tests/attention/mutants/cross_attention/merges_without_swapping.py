"""Reshapes (B, H, T, D) to (B, T, C) without swapping heads and tokens."""


def attend(x, k, v, w_q, w_o, real=None):
    B, H, S, D = k.shape
    if real is None:
        real = torch.ones(B, S, dtype=torch.bool)
    if real.shape != (B, S):
        raise ValueError(f"real has shape {tuple(real.shape)}")
    hidden = ~real[:, None, None, :]
    q = split_heads(x @ w_q.T, H)
    scores = q @ k.transpose(-2, -1) / math.sqrt(D)
    p = scores.masked_fill(hidden, -math.inf).softmax(-1).masked_fill(hidden, 0.0)
    return (p @ v).reshape(x.shape) @ w_o.T
