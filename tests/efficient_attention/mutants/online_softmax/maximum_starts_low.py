"""Takes -1e5 for the lowest score that there can be."""


def merge(a, b):
    m = torch.maximum(a[0], b[0]).clamp(min=-1e5)
    f_a, f_b = (a[0] - finite(m)).exp(), (b[0] - finite(m)).exp()
    return m, a[1] * f_a + b[1] * f_b, a[2] * f_a[:, None] + b[2] * f_b[:, None]
