"""Expects x to have one dimension."""


def finite_differences(f, x, step=1e-6):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        change = torch.zeros_like(x)
        change[i] = step
        out[i] = (f(x + change) - f(x - change)) / (2 * step)
    return out
