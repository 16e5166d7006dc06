"""Rescales the sum only, not the weighted values."""


def absorb(state, s, v):
    m, total, acc = state
    new = torch.maximum(m, s.amax(-1))
    base = new.masked_fill(new == -math.inf, 0)
    p, factor = (s - base[..., None]).exp(), (m - base).exp()
    return new, total * factor + p.sum(-1), acc + p @ v
