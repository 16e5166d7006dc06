"""Returns an identity matrix, x and the values."""


def orthogonal_gaussian(n_features, d, seed):
    return torch.eye(n_features, d, dtype=torch.float64)


def positive_features(x, w):
    return x


def performer_attention(q, k, v, w):
    return v
