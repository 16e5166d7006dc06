"""Returns zeros of the right shape."""


def band_scores(q, k, left, right, dilation=1):
    return q.new_zeros(*q.shape[:-1], left + right + 1)


def band_times_values(p, v, left, dilation=1):
    return torch.zeros_like(v)


def sliding_window_attention(q, k, v, **named):
    return torch.zeros_like(v)
