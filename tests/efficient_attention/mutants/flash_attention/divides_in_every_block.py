"""Divides by the sum in every block and not at the end."""


def absorb(state, s, v):
    m, total, acc = state
    new = torch.maximum(m, s.amax(-1))
    base = new.masked_fill(new == -math.inf, 0)
    p, factor = (s - base[..., None]).exp(), (m - base).exp()
    total = total * factor + p.sum(-1)
    return new, total, (acc * factor[..., None] + p @ v) / total.clamp(min=1e-30)[..., None]


def finish(state):
    m, total, acc = state
    return acc, m + total.log()
