"""Gives all rows the length sqrt(d), which makes the kernel biased."""


def orthogonal_gaussian(n_features, d, seed):
    if n_features < 1:
        raise ValueError("n_features")
    if d < 1:
        raise ValueError("d")
    chance = torch.Generator().manual_seed(seed)
    squares = torch.randn(-(-n_features // d), d, d, generator=chance, dtype=torch.float64)
    gaussian = torch.randn(n_features, d, generator=chance, dtype=torch.float64)
    basis, triangle = torch.linalg.qr(squares)
    signs = triangle.diagonal(dim1=-2, dim2=-1).sign()[:, None]
    rows = (basis * signs).transpose(-2, -1).reshape(-1, d)[:n_features]
    return rows * d**0.5
