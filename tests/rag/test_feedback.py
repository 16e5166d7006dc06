"""Relevance feedback, against numbers worked by hand."""

import numpy as np
import pytest

from handtorch.rag.feedback import hyde_vector, relevance_model, rm3, rocchio


def test_relevance_model_by_hand() -> None:
    """Scores 3 and 1 give P(d) = 3/4 and 1/4. "tree" is 1 of 3 words of the first passage and 1
    of 2 of the second: 3/4 * 1/3 + 1/4 * 1/2 = 3/8; "remove" 3/4 * 2/3 = 1/2; "copy" 1/8."""
    model = relevance_model([("remove remove tree", 3.0), ("copy tree", 1.0)])
    assert list(model) == ["remove", "tree", "copy"]
    assert list(model.values()) == pytest.approx([1 / 2, 3 / 8, 1 / 8], abs=1e-12)


def test_rm3_by_hand() -> None:
    """The two likeliest terms of the model above, renormalized: remove 4/7, tree 3/7. Half of
    that, and half of the query's own distribution, delete 1/2 and tree 1/2."""
    passages = [("remove remove tree", 3.0), ("copy tree", 1.0)]
    mixed = rm3("delete tree", passages, terms=2, original=0.5)
    want = {"tree": 1 / 4 + 3 / 14, "remove": 2 / 7, "delete": 1 / 4}
    assert list(mixed) == list(want)
    assert list(mixed.values()) == pytest.approx(list(want.values()), abs=1e-12)
    assert mixed["remove"] > mixed["delete"]  # as published, an added term may lead


def test_rm3_is_a_distribution_at_both_ends() -> None:
    passages = [("a b c d", 1.0), ("b b", 2.0)]
    for original in (0.0, 0.3, 1.0):
        assert sum(rm3("x y y", passages, original=original).values()) == pytest.approx(1)
    only_query = rm3("x y y", passages, original=1.0)
    assert only_query["y"] == pytest.approx(2 / 3)
    assert only_query["b"] == 0


def test_stop_words_do_not_count_in_a_passages_length() -> None:
    model = relevance_model([("the the the tree", 1.0)], keep=lambda term: term != "the")
    assert model == {"tree": 1.0}


def test_equal_shares_where_all_scores_are_zero() -> None:
    assert relevance_model([("a", 0.0), ("b", 0.0)]) == {"a": 0.5, "b": 0.5}
    assert relevance_model([]) == {}


@pytest.mark.parametrize("score", [-1.0, float("nan"), float("inf")])
def test_bad_scores_are_refused(score: float) -> None:
    with pytest.raises(ValueError, match="scores"):
        relevance_model([("a", score)])


def test_rm3_refuses_bad_numbers() -> None:
    with pytest.raises(ValueError, match="terms is 0"):
        rm3("a", [("b", 1.0)], terms=0)
    with pytest.raises(ValueError, match="original is 2"):
        rm3("a", [("b", 1.0)], original=2)


def test_rocchio_by_hand() -> None:
    """1 * (1, 0) + 0.75 * mean of (0, 2), (0, 4) - 0.15 * (2, 0) = (0.7, 2.25)."""
    moved = rocchio(
        np.array([1.0, 0.0]), np.array([[0.0, 2.0], [0.0, 4.0]]), np.array([[2.0, 0.0]])
    )
    assert moved == pytest.approx([0.7, 2.25])


def test_rocchio_without_passages_is_the_query() -> None:
    assert rocchio(np.array([1.0, 2.0]), np.zeros((0, 2))).tolist() == [1.0, 2.0]


def test_hyde_is_the_mean_of_all_vectors() -> None:
    chance = np.random.default_rng(0)
    query, made_up = chance.normal(size=5), chance.normal(size=(3, 5))
    assert hyde_vector(query, made_up) == pytest.approx(np.vstack([query, made_up]).mean(axis=0))
    assert hyde_vector(query, made_up[:0]) == pytest.approx(query)


def test_vectors_of_the_wrong_size_or_nan_are_refused() -> None:
    with pytest.raises(ValueError, match="size 3"):
        rocchio(np.zeros(2), np.zeros((1, 3)))
    with pytest.raises(ValueError, match="NaN"):
        rocchio(np.zeros(2), np.full((1, 2), np.nan))
