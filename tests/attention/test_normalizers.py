"""Alternatives to softmax: worked by hand, optimal among all distributions, differentiable."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from handtorch.attention.normalizers import entmax, relu_weights, sigmoid_weights, sparsemax


def random_scores(*shape, seed=0, spread=2.0):
    g = torch.Generator().manual_seed(seed)
    return spread * torch.randn(*shape, generator=g, dtype=torch.float64)


def test_sparsemax_worked_by_hand():
    """tau(2) = (1 + 0.5 - 1) / 2 = 0.25 < 0.5, tau(3) = (0.5 - 1) / 3 > -1: two in the support."""
    assert sparsemax(torch.tensor([1.0, 0.5, -1.0])).tolist() == [0.75, 0.25, 0.0]
    assert sparsemax(torch.tensor([0.0, 0.0])).tolist() == [0.5, 0.5]
    assert sparsemax(torch.tensor([3.0, 1.0])).tolist() == [1.0, 0.0]
    assert sparsemax(torch.tensor([0.5, -math.inf, 0.5])).tolist() == [0.5, 0.0, 0.5]


def test_entmax_15_worked_by_hand():
    """z = s / 2 = (0.3, 0), tau = -0.5: (0.8, 0.5)^2 sums to 0.89, so tau is lower. From
    (0.3 - tau)^2 + tau^2 = 1: 2 tau^2 - 0.6 tau - 0.91 = 0, tau = (0.6 - sqrt(7.64)) / 4."""
    tau = (0.6 - math.sqrt(0.36 + 8 * 0.91)) / 4
    p = entmax(torch.tensor([0.6, 0.0], dtype=torch.float64), 1.5)
    assert p.tolist() == pytest.approx([(0.3 - tau) ** 2, tau**2])


@settings(deadline=None, max_examples=60)
@given(s=st.integers(1, 9), seed=st.integers(0, 99), alpha=st.sampled_from([1.1, 1.5, 2.0, 3.0]))
def test_they_are_distributions_that_keep_order_and_ignore_shifts(s, seed, alpha):
    scores = random_scores(4, s, seed=seed)
    for f in (sparsemax, lambda x: entmax(x, alpha)):
        p = f(scores)
        torch.testing.assert_close(p.sum(-1), torch.ones(4, dtype=torch.float64))
        assert bool((p >= 0).all())
        torch.testing.assert_close(f(scores + 7), p)
        ordered = p.gather(-1, scores.argsort(-1))
        assert bool((ordered.diff(dim=-1) >= -1e-12).all())


def test_entmax_spans_softmax_to_sparsemax():
    scores = random_scores(5, 8)
    torch.testing.assert_close(entmax(scores, 2.0), sparsemax(scores))
    torch.testing.assert_close(entmax(scores, 1 + 1e-4), scores.softmax(-1), atol=1e-3, rtol=0)
    zeros = [(entmax(scores, alpha) == 0).sum().item() for alpha in (1.05, 1.5, 2.0, 4.0)]
    assert zeros == sorted(zeros)
    assert zeros[-1] > zeros[0]
    masked = scores.clone()
    masked[:, 3] = -math.inf
    assert entmax(masked, 1.5)[:, 3].tolist() == [0] * 5


@pytest.mark.parametrize("alpha", [1.3, 1.5, 2.0])
def test_entmax_maximizes_score_plus_tsallis_entropy(alpha):
    """The objective is concave, so no step towards a vertex of the simplex may raise it."""

    def objective(p):
        return p @ scores + (p - p**alpha).sum() / (alpha * (alpha - 1))

    for seed in range(20):
        scores = random_scores(6, seed=seed, spread=1.0)
        p = entmax(scores, alpha)
        for vertex in torch.eye(6, dtype=torch.float64):
            for step in (1e-6, 1e-3, 0.1, 1.0):
                assert objective(p) >= objective(p + step * (vertex - p)) - 1e-12


def test_gradients():
    scores = random_scores(3, 5, spread=0.7).requires_grad_()
    assert torch.autograd.gradcheck(sparsemax, scores)
    for alpha in (1.2, 1.5, 2.0, 2.5):
        assert torch.autograd.gradcheck(lambda s: entmax(s, alpha), scores)  # noqa: B023


def test_weights_of_single_keys():
    """sigmoid(0 - ln 4) = (1/4) / (1 + 1/4) = 1/5."""
    assert sigmoid_weights(torch.zeros(4)).tolist() == pytest.approx([0.2] * 4)
    assert relu_weights(torch.tensor([2.0, -1.0])).tolist() == [1.0, 0.0]
    masked = torch.tensor([1.0, -math.inf])
    assert sigmoid_weights(masked)[1] == relu_weights(masked)[1] == 0


@pytest.mark.parametrize("alpha", [1.0, 0.5, math.nan])
def test_bad_alpha(alpha):
    with pytest.raises(ValueError, match="alpha is"):
        entmax(torch.zeros(2), alpha)
