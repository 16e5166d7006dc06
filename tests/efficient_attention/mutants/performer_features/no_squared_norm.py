"""Leaves |x|^2 / 2 out."""


def positive_features(x, w):
    return (x @ w.T).exp() / len(w) ** 0.5
