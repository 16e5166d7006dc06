"""Flips the columns of Q by random signs, group by group, and lets numpy draw."""

import numpy as np


def orthogonal_gaussian(n_features, d, seed):
    if n_features < 1:
        raise ValueError(f"n_features = {n_features}")
    if d < 1:
        raise ValueError(f"d = {d}")
    rng = np.random.default_rng(seed)
    groups = []
    for _ in range(0, n_features, d):
        rotation = np.linalg.qr(rng.normal(size=(d, d)))[0] * rng.choice([-1.0, 1.0], size=d)
        groups.append(rotation.T * np.sqrt(rng.chisquare(d, size=(d, 1))))
    return torch.from_numpy(np.concatenate(groups)[:n_features])


def positive_features(x, w):
    return torch.exp(x @ w.T - (x**2).sum(-1, keepdim=True) / 2).div(w.shape[0] ** 0.5)


def performer_attention(q, k, v, w):
    half = q.shape[-1] ** 0.5
    query = q @ w.T / half**0.5  # |q|^2 / 2 is common to all features of a query
    key = k @ w.T / half**0.5 - k.square().sum(-1, keepdim=True) / 2 / half
    # A maximum for each column: given to the queries, which then have theirs subtracted.
    columns = key.amax(-2, keepdim=True)
    key, query = torch.exp(key - columns), query + columns
    query = torch.exp(query - query.amax(-1, keepdim=True))
    return (query @ (key.mT @ v)) / (query @ key.sum(-2).unsqueeze(-1))
