"""Asks the rules of each query and key in Python loops."""


def causal_mask(T, S=None):
    if S is None:
        S = T
    if T < 0:
        raise ValueError(f"T must not be negative, but is {T}")
    if S < 0:
        raise ValueError(f"S must not be negative, but is {S}")
    mask = torch.zeros((T, S), dtype=torch.bool)
    for i in range(T):
        mask[i, : max(0, i + S - T + 1)] = True
    return mask


def padded_causal_mask(lengths, T, S=None, *, side="right"):
    S = T if S is None else S
    rows = []
    for length in lengths:
        if length < 0 or length > S:
            raise ValueError(f"lengths: {length} real keys do not fit into {S}")
        mask = causal_mask(T, S)
        if side == "right":
            mask[:, length:] = False
        elif side == "left":
            mask[:, : S - length] = False
        else:
            raise ValueError(f"side must be left or right, not {side}")
        rows.append(mask)
    return torch.stack(rows).unsqueeze(1)


def masked_weights(scores, mask):
    mask = mask.expand_as(scores).reshape(-1, scores.shape[-1])
    rows = scores.reshape(-1, scores.shape[-1])
    weights = torch.zeros_like(rows)
    for i, (row, seen) in enumerate(zip(rows, mask)):
        if seen.any():
            weights[i, seen] = torch.softmax(row[seen], 0)
    return weights.reshape(scores.shape)
