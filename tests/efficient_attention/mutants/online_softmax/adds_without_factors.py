"""Adds two states that have different maxima as they are."""


def merge(a, b):
    m = torch.maximum(a[0], b[0])
    return m, a[1] + b[1], a[2] + b[2]
