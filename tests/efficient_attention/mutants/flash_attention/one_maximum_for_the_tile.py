"""Takes the largest score of a tile for all of its rows."""


def absorb(state, s, v):
    m, total, acc = state
    new = torch.maximum(m, s.max())
    base = new.masked_fill(new == -math.inf, 0)
    p, factor = (s - base[..., None]).exp(), (m - base).exp()
    return new, total * factor + p.sum(-1), acc * factor[..., None] + p @ v
