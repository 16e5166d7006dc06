"""Gives each state the factor of the other."""


def merge(a, b):
    m = torch.maximum(a[0], b[0])
    f_b, f_a = (a[0] - finite(m)).exp(), (b[0] - finite(m)).exp()
    return m, a[1] * f_a + b[1] * f_b, a[2] * f_a[:, None] + b[2] * f_b[:, None]
