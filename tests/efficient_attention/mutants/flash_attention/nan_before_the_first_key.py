"""Subtracts minus infinity from minus infinity."""


def absorb(state, s, v):
    m, total, acc = state
    new = torch.maximum(m, s.amax(-1))
    base = new
    p, factor = (s - base[..., None]).exp(), (m - base).exp()
    return new, total * factor + p.sum(-1), acc * factor[..., None] + p @ v
