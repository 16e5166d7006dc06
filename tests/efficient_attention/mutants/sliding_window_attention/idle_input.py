"""Returns what it was given."""


def band_scores(q, k, left, right, dilation=1):
    return k


def band_times_values(p, v, left, dilation=1):
    return v


def sliding_window_attention(q, k, v, **named):
    return v
