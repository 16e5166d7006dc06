"""Returns what is added to the scores, 0 and -inf, where booleans are asked for."""


def causal_mask(T, S=None):
    S = T if S is None else S
    if T < 0 or S < 0:
        raise ValueError(f"T is {T}, S is {S}; they must be 0 or more")
    return torch.full((T, S), -math.inf).triu(S - T + 1)


def padded_causal_mask(lengths, T, S=None, *, side="right"):
    bias = causal_mask(T, S)
    S = bias.shape[1]
    if side not in ("left", "right"):
        raise ValueError(f"side is {side}")
    if min(lengths) < 0 or max(lengths) > S:
        raise ValueError(f"lengths is {lengths}")
    key, real = torch.arange(S), torch.tensor(lengths)[:, None]
    padding = key >= real if side == "right" else key < S - real
    return bias.masked_fill(padding[:, None, None, :], -math.inf)
