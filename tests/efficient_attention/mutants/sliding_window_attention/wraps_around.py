"""Shifts with roll: the sequence wraps around at its ends."""


def band_scores(q, k, left, right, dilation=1):
    shifts = [(left - c) * dilation for c in range(left + right + 1)]
    return torch.stack([(q * k.roll(n, -2)).sum(-1) for n in shifts], -1)


def band_times_values(p, v, left, dilation=1):
    shifted = [v.roll((left - c) * dilation, -2) for c in range(p.shape[-1])]
    return sum(p[..., c, None] * values for c, values in enumerate(shifted))
