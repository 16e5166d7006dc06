"""Returns zeros of the right shapes."""


def orthogonal_gaussian(n_features, d, seed):
    return torch.zeros(n_features, d, dtype=torch.float64)


def positive_features(x, w):
    return torch.zeros(*x.shape[:-1], len(w), dtype=x.dtype)


def performer_attention(q, k, v, w):
    return torch.zeros(*q.shape[:-1], v.shape[-1], dtype=q.dtype)
