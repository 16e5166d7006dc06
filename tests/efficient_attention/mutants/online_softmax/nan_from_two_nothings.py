"""Merges two states of nothing into NaN."""


def merge(a, b):
    m = torch.maximum(a[0], b[0])
    f_a, f_b = (a[0] - m).exp(), (b[0] - m).exp()
    return m, a[1] * f_a + b[1] * f_b, a[2] * f_a[:, None] + b[2] * f_b[:, None]
