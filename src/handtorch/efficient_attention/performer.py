"""Performer (choromanski2021): random features whose products estimate exp(q . k) without bias.

For w drawn from a standard normal distribution

    exp(q . k) = E[ exp(w . q - |q|^2 / 2) exp(w . k - |k|^2 / 2) ],

so phi(x) = exp(W x - |x|^2 / 2) / sqrt(M), with M draws as the rows of W, is a feature map for
linear attention that estimates softmax attention. Its features are positive. The older map with
sines and cosines is unbiased as well, but its estimates can be negative. Rows of W drawn
orthogonal to each other, in groups of D, stay unbiased and lower the error.

What this leaves out: drawing W anew during training, and learned features.
"""

from typing import Literal

import torch
from torch import Tensor

from handtorch.efficient_attention.linear import (
    identity_map,
    linear_attention,
    linear_attention_chunked,
)

Kind = Literal["positive", "trigonometric"]


def orthogonal_features(
    n_features: int, d: int, *, orthogonal: bool = True, generator: torch.Generator | None = None
) -> Tensor:
    """W, (n_features, d), in float64: each row is standard normal.

    Args:
        n_features: M, how many rows.
        d: head size.
        orthogonal: rows in groups of d are orthogonal; otherwise all are independent.
        generator: source of chance.

    Raises:
        ValueError: if a size is not positive.
    """
    if n_features < 1 or d < 1:
        raise ValueError(f"n_features is {n_features}, d is {d}; both must be 1 or more")
    gaussian = torch.randn(n_features, d, generator=generator, dtype=torch.float64)
    if not orthogonal:
        return gaussian
    squares = torch.randn(-(-n_features // d), d, d, generator=generator, dtype=torch.float64)
    basis, triangle = torch.linalg.qr(squares)  # one rotation for each group
    # With these signs the rotations are uniform; qr alone prefers some.
    basis = basis * triangle.diagonal(dim1=-2, dim2=-1).sign().unsqueeze(-2)
    directions: Tensor = basis.transpose(-2, -1).flatten(0, 1)[:n_features]
    # An orthogonal direction times the length of an independent Gaussian row: the row alone is
    # standard normal again, which is what makes the estimate unbiased.
    lengths: Tensor = torch.linalg.vector_norm(gaussian, dim=-1, keepdim=True)
    return directions * lengths


def performer_features(
    x: Tensor, w: Tensor, *, kind: Kind = "positive", shift: Tensor | float = 0.0
) -> Tensor:
    """phi(x) with E[phi(q) . phi(k)] = exp(q . k): (..., T, D) -> (..., T, M), or 2 M.

    Args:
        x: queries or keys, any scale already in them.
        w: from `orthogonal_features`, (M, D).
        kind: "positive": exp(w . x - |x|^2 / 2). "trigonometric": exp(|x|^2 / 2) times cosine
            and sine of w . x, 2 M features of either sign.
        shift: subtracted in the exponent against overflow. It scales the features: one number
            for all keys, one a query, or the attention changes.

    Raises:
        ValueError: if `w` is not made for vectors of this size, or `kind` is neither.
    """
    if w.shape[-1] != x.shape[-1]:
        raise ValueError(f"w is for head size {w.shape[-1]}; x has {x.shape[-1]}")
    projected = x @ w.to(x).T  # (..., T, M)
    half: Tensor = x.square().sum(-1, keepdim=True) / 2
    root: float = w.shape[0] ** 0.5
    if kind == "positive":
        return (projected - half - shift).exp() / root
    if kind != "trigonometric":
        raise ValueError(f'kind is {kind!r}; it must be "positive" or "trigonometric"')
    waves = torch.cat([projected.cos(), projected.sin()], -1)
    return (half - shift).exp() * waves / root


def performer_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    w: Tensor,
    *,
    causal: bool = False,
    chunk_size: int = 64,
    scale: float | None = None,
) -> Tensor:
    """An estimate of softmax attention in linear time, from positive features.

    Args:
        q: queries, (..., T, D).
        k: keys, (..., S, D).
        v: values, (..., S, Dv).
        w: from `orthogonal_features`, (M, D): the larger M, the better.
        causal: query i sees keys up to i.
        chunk_size: of the causal form; it does not change the result.
        scale: factor of the scores; 1 / sqrt(D) by default.

    Returns:
        (..., T, Dv). The kernel is estimated without bias; the ratio that attention is, is not.
    """
    root = (q.shape[-1] ** -0.5 if scale is None else scale) ** 0.5
    queries, keys = q * root, k * root
    # The largest exponent becomes 0. A factor for each query, and one for all keys, cancel in
    # the division by the sum of the weights.
    query = performer_features(queries, w, shift=_largest_exponent(queries, w).amax(-1, True))
    key = performer_features(keys, w, shift=_largest_exponent(keys, w).amax((-2, -1), True))
    if causal:
        out, _ = linear_attention_chunked(
            query, key, v, chunk_size=chunk_size, feature_map=identity_map
        )
        return out
    return linear_attention(query, key, v, feature_map=identity_map)


def relative_variance(q: Tensor, k: Tensor, n_features: int) -> Tensor:
    """Variance of the estimate over exp(q . k)^2, for independent positive features: exact.

    (exp(|q + k|^2) - 1) / M: it falls with the features and grows exponentially with the norms.
    """
    return torch.expm1((q + k).square().sum(-1)) / n_features


def _largest_exponent(x: Tensor, w: Tensor) -> Tensor:
    """w . x - |x|^2 / 2, (..., T, M), without a gradient: the shift must not have one."""
    x = x.detach()
    return x @ w.to(x).T - x.square().sum(-1, keepdim=True) / 2
