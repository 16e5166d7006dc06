"""Updates the first state in place."""


def merge(a, b):
    m = torch.maximum(a[0], b[0])
    f_a, f_b = (a[0] - finite(m)).exp(), (b[0] - finite(m)).exp()
    a[1].mul_(f_a).add_(b[1] * f_b)
    a[2].mul_(f_a[:, None]).add_(b[2] * f_b[:, None])
    return m, a[1], a[2]
