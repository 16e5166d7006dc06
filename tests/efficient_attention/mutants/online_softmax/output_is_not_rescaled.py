"""Rescales the sum only, not the weighted values."""


def merge(a, b):
    m = torch.maximum(a[0], b[0])
    f_a, f_b = (a[0] - finite(m)).exp(), (b[0] - finite(m)).exp()
    return m, a[1] * f_a + b[1] * f_b, a[2] + b[2]
