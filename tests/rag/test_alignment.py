"""Alignment with a reader: the labels, the loss by hand, and weights that are known beforehand."""

import math

import numpy as np
import pytest
import torch

from handtorch.rag.alignment import divergence, tune_weights, usefulness
from handtorch.rag.ngrams import NgramModel

READER = NgramModel(["the cat sat on the mat", "a dog ran in the park"], order=2)


def test_a_passage_with_the_answer_is_the_most_useful() -> None:
    passages = ["it rained all day", "the wombat digs a burrow", "the cat sat"]
    useful = usefulness(READER, "what digs?", "the wombat digs", passages)
    assert useful.argmax() == 1
    assert (useful < 0).all()


def test_with_weight_0_the_passages_do_not_matter() -> None:
    useful = usefulness(READER, "who sat?", "the cat", ["the cat sat", "the dog"], weight=0)
    tokens = READER.probabilities("the cat", before="who sat?")
    expected = sum(math.log(p) for _, p in tokens) / 2
    np.testing.assert_allclose(useful, expected)


def test_the_divergence_by_hand() -> None:
    """P = (1/2, 1/2) and Q = (3/4, 1/4): 1/2 ln(2/3) + 1/2 ln 2."""
    useful = torch.tensor([[math.log(3.0), 0.0]], dtype=torch.float64)
    scores = torch.zeros(1, 2, dtype=torch.float64)
    loss = divergence(scores, useful, beta=1)
    assert loss.item() == pytest.approx(0.5 * math.log(2 / 3) + 0.5 * math.log(2))
    assert divergence(useful / 0.5, useful, beta=0.5).item() == pytest.approx(0)
    torch.autograd.gradcheck(lambda s: divergence(s, useful), scores.requires_grad_())


def test_the_weights_of_a_reader_that_follows_one_retriever_are_found() -> None:
    scores = np.random.default_rng(0).normal(size=(20, 10, 3))
    useful = scores @ np.array([2.0, 0.0, 0.5])
    np.testing.assert_allclose(tune_weights(scores, useful, beta=0.5), [4, 0, 1], atol=1e-4)


def test_bad_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="answer is '  '"):
        usefulness(READER, "q", "  ", ["x"])
    with pytest.raises(ValueError, match=r"scores have shape \(2, 3\)"):
        tune_weights(np.zeros((2, 3)), np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r"useful of shape \(2, 3\)"):
        tune_weights(np.zeros((2, 4, 1)), np.zeros((2, 3)))
