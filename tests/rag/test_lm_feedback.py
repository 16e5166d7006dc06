"""Distillation into weights: against scipy's minimum and known weights; bits by hand."""

import numpy as np
import pytest
from scipy import optimize, special, stats

from handtorch.rag.lm_feedback import answer_bits, divergence, fit_weights, posterior
from handtorch.rag.ngrams import NgramModel


def test_posterior_is_a_softmax():
    bits = np.array([[3.0, 5.0, 4.0], [1.0, 1.0, 1.0]])
    assert posterior(bits, 0.5) == pytest.approx(special.softmax(-bits / 0.5, axis=-1))
    assert posterior(np.array([800.0, 0.0]), 0.01) == pytest.approx([0, 1])
    with pytest.raises(ValueError, match="tau is 0"):
        posterior(bits, 0)


def test_known_weights_are_found_again():
    generator = np.random.default_rng(0)
    features, true = generator.normal(size=(40, 6, 3)), np.array([1.5, -0.7, 0.0])
    targets = special.softmax(features @ true, axis=-1)
    assert fit_weights(features, targets) == pytest.approx(true, abs=1e-5)


def test_the_minimum_is_that_of_scipy():
    generator = np.random.default_rng(1)
    features = generator.normal(size=(30, 5, 4))
    targets = generator.dirichlet(np.ones(5), size=30)

    def loss(w):
        return np.mean(stats.entropy(targets.T, special.softmax(features @ w, axis=-1).T))

    found = fit_weights(features, targets)
    assert divergence(found, features, targets) == pytest.approx(loss(found))
    assert loss(found) == pytest.approx(optimize.minimize(loss, np.zeros(4)).fun, abs=1e-8)


def test_a_passage_with_the_answer_costs_fewer_bits():
    model = NgramModel(["the cat sat on the mat .", "the dog lay on the rug ."])
    bits = answer_bits(model, "the zebra sat", ["the zebra sat on a fence", "dogs", ""])
    assert bits[0] < bits[1]
    base = -np.mean([np.log2(p) for _, p in model.probabilities("the zebra sat")])
    assert bits[2] == pytest.approx(base)
    assert answer_bits(model, "", ["x"]).tolist() == [0]


def test_bad_shapes():
    with pytest.raises(ValueError, match="features are"):
        fit_weights(np.zeros((2, 3, 1)), np.full((2, 2), 0.5))
    with pytest.raises(ValueError, match="sum to 1"):
        fit_weights(np.zeros((2, 3, 1)), np.ones((2, 3)))
