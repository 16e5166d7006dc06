"""Compares dot products, to which long vectors contribute more."""


def cosine(a, b):
    return sum(x * y for x, y in zip(a, b))
