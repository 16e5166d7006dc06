"""Divides x by the fourth root of its size, which is the attention's task."""


def positive_features(x, w):
    return exponents(x / x.shape[-1] ** 0.25, w).exp() / len(w) ** 0.5
