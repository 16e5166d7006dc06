"""Marks what is hidden with True, as torch's MultiheadAttention wants it."""


def causal_mask(T, S=None):
    S = T if S is None else S
    if T < 0 or S < 0:
        raise ValueError(f"T is {T}, S is {S}; they must be 0 or more")
    return torch.arange(S) > torch.arange(S - T, S)[:, None]


def padded_causal_mask(lengths, T, S=None, *, side="right"):
    hidden = causal_mask(T, S)
    S = hidden.shape[1]
    if side not in ("left", "right"):
        raise ValueError(f"side is {side}")
    if min(lengths) < 0 or max(lengths) > S:
        raise ValueError(f"lengths is {lengths}")
    key, real = torch.arange(S), torch.tensor(lengths)[:, None]
    padding = key >= real if side == "right" else key < S - real
    return hidden | padding[:, None, None, :]


def masked_weights(scores, mask):
    return scores.masked_fill(mask, -math.inf).softmax(-1).masked_fill(mask, 0.0)
