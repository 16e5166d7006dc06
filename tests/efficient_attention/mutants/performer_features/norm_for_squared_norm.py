"""Subtracts half of the norm instead of half of its square."""


def positive_features(x, w):
    return (x @ w.T - x.norm(dim=-1, keepdim=True) / 2).exp() / len(w) ** 0.5
