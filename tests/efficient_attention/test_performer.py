"""Performer's random features: statistics with fixed seeds, and the attention they give.

A test of an average checks that it lies within 5 of its standard errors: a true claim fails with
probability below 6e-7 for a normal average. The seeds are fixed, so each test either always
passes or always fails.
"""

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from handtorch.efficient_attention.linear import identity_map, linear_attention
from handtorch.efficient_attention.performer import (
    orthogonal_features,
    performer_attention,
    performer_features,
    relative_variance,
)

D = 8


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def two_vectors(norm):
    q, k = torch.randn(2, D, generator=generator(5), dtype=torch.float64)
    return norm * q / q.norm(), norm * k / k.norm()


def estimates(q, k, *, kind, orthogonal, draws=2000, n_features=16):
    """`draws` independent estimates of exp(q . k)."""
    source = generator(1)
    w = torch.stack(
        [
            orthogonal_features(n_features, D, orthogonal=orthogonal, generator=source)
            for _ in range(draws)
        ]
    )
    flat = w.flatten(0, 1)
    query, key = (performer_features(x[None], flat, kind=kind)[0] for x in (q, k))
    # One long feature vector with all draws: take it apart again. The factor undoes the mean.
    products = (query * key * draws).view(-1, draws, n_features)
    return products.sum((0, 2))


@pytest.mark.parametrize("orthogonal", [False, True])
@pytest.mark.parametrize("kind", ["positive", "trigonometric"])
def test_the_kernel_estimate_is_unbiased(kind, orthogonal):
    q, k = two_vectors(norm=1.0)
    values = estimates(q, k, kind=kind, orthogonal=orthogonal)
    standard_error = values.std() / len(values) ** 0.5
    assert (values.mean() - (q @ k).exp()).abs() < 5 * standard_error
    assert standard_error < 0.02 * (q @ k).exp()  # so that a bias of 10 % would show


def test_the_variance_is_the_closed_form():
    """The error of an estimated variance, from the fourth moment of the same sample."""
    q, k = two_vectors(norm=0.7)
    values = estimates(q, k, kind="positive", orthogonal=False) / (q @ k).exp()
    deviation = (values - values.mean()).square()
    standard_error = deviation.std() / len(values) ** 0.5
    assert (deviation.mean() - relative_variance(q, k, 16)).abs() < 5 * standard_error


def test_orthogonal_rows_lower_the_error():
    """By more than 5 standard errors of the difference of two average squared errors.

    With sines and cosines, where the gain is large: the error falls by more than half. With
    positive features it is a few percent at this size, too little for a test like this one.
    """
    q, _ = two_vectors(norm=0.7)
    errors = {}
    for orthogonal in (False, True):
        values = estimates(q, -q, kind="trigonometric", orthogonal=orthogonal, draws=1000)
        errors[orthogonal] = (values - (-q @ q).exp()).square()
    gap = errors[False].mean() - 2 * errors[True].mean()
    standard_error = ((errors[False].var() + 4 * errors[True].var()) / 1000) ** 0.5
    assert gap > 5 * standard_error


def test_rows_are_orthogonal_in_groups_and_standard_normal():
    """Squared lengths have mean D and variance 2 D; entries mean 0, variance 1.

    20,000 rows: standard errors of 1 / sqrt(160,000) for the mean, sqrt(2 / 160,000) for the
    variance of independent entries. Entries of a group are not independent, which makes these
    averages no less exact.
    """
    w = orthogonal_features(20_000, D, generator=generator())
    first = w[:D] @ w[:D].T
    assert (first - first.diagonal().diag()).abs().max() < 1e-9
    assert w.mean().abs() < 5 / 160_000**0.5
    assert (w.square().mean() - 1).abs() < 5 * (2 / 160_000) ** 0.5
    lengths = w.square().sum(-1)
    assert (lengths.var() - 2 * D).abs() < 2  # Gaussian lengths, not all the same
    assert orthogonal_features(11, D, generator=generator()).shape == (11, D)
    again = orthogonal_features(11, D, generator=generator())
    assert torch.equal(again, orthogonal_features(11, D, generator=generator()))


@pytest.mark.parametrize("causal", [False, True])
def test_attention_comes_closer_to_softmax_attention(causal):
    """The error falls like 1 / sqrt(M): 64 times the features, about 8 times less, so over 4."""
    q, k, v = torch.randn(3, 24, D, generator=generator(2), dtype=torch.float64)
    q, k = q / 2, k / 2  # the constant before 1 / sqrt(M) grows exponentially with the norms
    wanted = scaled_dot_product_attention(q, k, v, is_causal=causal)
    errors = []
    for n_features in (128, 8192):
        w = orthogonal_features(n_features, D, generator=generator(3))
        out = performer_attention(q, k, v, w, causal=causal, chunk_size=7)
        errors.append((out - wanted).norm() / wanted.norm())
    assert errors[1] < errors[0] / 4
    assert errors[1] < 0.05


def test_attention_equals_its_definition_from_features():
    """The shifts against overflow cancel: plain features in plain linear attention."""
    q, k, v = torch.randn(3, 12, D, generator=generator(2), dtype=torch.float64)
    w = orthogonal_features(32, D, generator=generator(3))
    query, key = (performer_features(x * D**-0.25, w) for x in (q, k))
    wanted = linear_attention(query, key, v, feature_map=identity_map)
    assert (performer_attention(q, k, v, w) - wanted).abs().max() < 1e-9
    assert (performer_attention(q, k, v, w, scale=D**-0.5) - wanted).abs().max() < 1e-9


def test_large_inputs_do_not_overflow():
    q, k, v = 40 * torch.randn(3, 6, D, generator=generator(4))
    w = orthogonal_features(32, D, generator=generator(3))
    assert not performer_features(q, w, kind="trigonometric").isfinite().all()
    out = performer_attention(q, k, v, w)
    assert out.isfinite().all()


def test_gradients():
    q, k, v = torch.randn(3, 4, 3, generator=generator(2), dtype=torch.float64)
    w = orthogonal_features(6, 3, generator=generator(3))
    inputs = [x.requires_grad_() for x in (q, k, v)]
    for causal in (False, True):
        assert torch.autograd.gradcheck(
            lambda *x, causal=causal: performer_attention(*x, w, causal=causal, chunk_size=3),
            inputs,
        )


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="n_features is 0"):
        orthogonal_features(0, D)
    w = orthogonal_features(4, D)
    with pytest.raises(ValueError, match="w is for head size 8; x has 3"):
        performer_features(torch.zeros(2, 3), w)
    with pytest.raises(ValueError, match="kind is 'negative'"):
        performer_features(torch.zeros(2, D), w, kind="negative")
