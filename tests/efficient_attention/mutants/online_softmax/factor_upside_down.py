"""Rescales with exp(new maximum - old maximum)."""


def merge(a, b):
    m = torch.maximum(a[0], b[0])
    f_a, f_b = (finite(m) - a[0]).exp(), (finite(m) - b[0]).exp()
    return m, a[1] * f_a + b[1] * f_b, a[2] * f_a[:, None] + b[2] * f_b[:, None]
