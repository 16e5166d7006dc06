"""Writes the older features with a cosine."""


def positive_features(x, w):
    return (x.square().sum(-1, keepdim=True) / 2).exp() * (x @ w.T).cos() / len(w) ** 0.5
