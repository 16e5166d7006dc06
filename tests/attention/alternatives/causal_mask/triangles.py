"""Builds the masks from triangles and flips, and softmax from exponentials."""


def causal_mask(T, S=None):
    S = T if S is None else S
    if min(T, S) < 0:
        raise ValueError(f"T and S must be 0 or more, not {T} and {S}")
    return torch.ones(T, S).tril(diagonal=S - T).bool()


def padded_causal_mask(lengths, T, S=None, *, side="right"):
    S = T if S is None else S
    if side not in {"left", "right"}:
        raise ValueError(f"side must be 'left' or 'right', not {side!r}")
    counts = torch.as_tensor(lengths, dtype=torch.long).view(-1, 1, 1, 1)
    if torch.any(counts < 0) or torch.any(counts > S):
        raise ValueError(f"lengths must be within 0 and {S}: {lengths}")
    real = torch.arange(1, S + 1) <= counts
    if side == "left":
        real = real.flip(-1)
    return torch.logical_and(causal_mask(T, S), real)


def masked_weights(scores, mask):
    lowest = torch.finfo(scores.dtype).min
    largest = torch.where(mask, scores, lowest).amax(-1, keepdim=True)
    unnormalized = torch.where(mask, (scores - largest).clamp(max=0).exp(), 0)
    total = unnormalized.sum(-1, keepdim=True)
    return unnormalized / torch.where(total == 0, torch.ones_like(total), total)
