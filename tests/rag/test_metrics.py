"""Ranking metrics against ir_measures (trec_eval's definitions) and against sums done by hand."""

import math

import ir_measures
import numpy as np
import pytest
from ir_measures import AP, RR, P, R, ScoredDoc, nDCG

from handtorch.rag.metrics import (
    average_precision,
    dcg,
    ndcg_at_k,
    precision_at_k,
    recall_at_k,
    reciprocal_rank,
)

RELEVANT = {"a": 3, "b": 2, "c": 1, "junk": 0}


def random_case(seed: int) -> tuple[list[str], dict[str, int]]:
    """A random ranking and random judgments, sometimes short, sometimes with nothing in common."""
    rng = np.random.default_rng(seed)
    ids = [f"d{i}" for i in range(40)]
    ranked = [ids[i] for i in rng.permutation(40)[: rng.integers(1, 41)]]
    judged = rng.permutation(40)[: rng.integers(1, 25)]
    relevant = {ids[i]: int(grade) for i, grade in zip(judged, rng.integers(0, 4, 40))}
    relevant[ids[judged[0]]] = 2  # at least one is relevant
    return ranked, relevant


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("k", [1, 5, 10, 100])
def test_every_metric_equals_ir_measures(seed: int, k: int) -> None:
    ranked, relevant = random_case(seed)
    qrels = [ir_measures.Qrel("q", id, grade) for id, grade in relevant.items()]
    run = [ScoredDoc("q", id, float(-i)) for i, id in enumerate(ranked)]
    measures = [R @ k, P @ k, RR @ k, AP @ k, nDCG @ k, RR, AP]
    theirs = ir_measures.calc_aggregate(measures, qrels, run)
    ours = {
        R @ k: recall_at_k(ranked, relevant, k),
        P @ k: precision_at_k(ranked, relevant, k),
        RR @ k: reciprocal_rank(ranked, relevant, k),
        AP @ k: average_precision(ranked, relevant, k),
        nDCG @ k: ndcg_at_k(ranked, relevant, k),
        RR: reciprocal_rank(ranked, relevant),
        AP: average_precision(ranked, relevant),
    }
    for measure, value in ours.items():
        assert value == pytest.approx(theirs[measure], abs=1e-12), measure


@pytest.mark.parametrize("seed", range(20))
def test_exponential_gain_is_linear_gain_of_raised_grades(seed: int) -> None:
    ranked, relevant = random_case(seed)
    qrels = [ir_measures.Qrel("q", id, 2**grade - 1) for id, grade in relevant.items()]
    run = [ScoredDoc("q", id, float(-i)) for i, id in enumerate(ranked)]
    theirs = ir_measures.calc_aggregate([nDCG @ 10], qrels, run)[nDCG @ 10]
    assert ndcg_at_k(ranked, relevant, 10, gain="exponential") == pytest.approx(theirs, abs=1e-12)


def test_a_ranking_worked_by_hand() -> None:
    """x a b junk: relevant at places 2 and 3; c is missing.

    DCG = 3 / log2(3) + 2 / log2(4) = 1.8928 + 1; the best order is 3, 2, 1 at places 1, 2, 3:
    3 + 2 / log2(3) + 1 / log2(4) = 3 + 1.2619 + 0.5.
    """
    ranked = ["x", "a", "b", "junk"]
    assert recall_at_k(ranked, RELEVANT, 4) == 2 / 3
    assert precision_at_k(ranked, RELEVANT, 4) == 2 / 4
    assert reciprocal_rank(ranked, RELEVANT) == 1 / 2
    assert average_precision(ranked, RELEVANT) == pytest.approx((1 / 2 + 2 / 3) / 3)
    assert ndcg_at_k(ranked, RELEVANT, 4) == pytest.approx(2.89279 / 4.76186, abs=1e-5)
    assert ndcg_at_k(ranked, RELEVANT, 4, gain="exponential") == pytest.approx(
        (7 / math.log2(3) + 3 / 2) / (7 + 3 / math.log2(3) + 1 / 2)
    )
    assert dcg([]) == 0.0


def test_a_repeated_result_counts_once_and_the_rest_moves_up() -> None:
    doubled, plain = ["x", "x", "a", "a", "b"], ["x", "a", "b"]
    for k in (1, 2, 3, 5):
        for metric in (recall_at_k, precision_at_k, reciprocal_rank, average_precision, ndcg_at_k):
            assert metric(doubled, RELEVANT, k) == metric(plain, RELEVANT, k)
    assert ndcg_at_k(["a"] * 10, {"a": 1}, 10) == 1.0


def test_places_that_are_empty_count_as_wrong() -> None:
    assert precision_at_k(["a"], RELEVANT, 10) == 1 / 10
    assert recall_at_k([], RELEVANT, 5) == reciprocal_rank([], RELEVANT) == 0.0
    assert ndcg_at_k([], RELEVANT, 5) == average_precision([], RELEVANT) == 0.0


def test_best_order_scores_one_and_worse_order_less() -> None:
    assert ndcg_at_k(["a", "b", "c"], RELEVANT, 10) == pytest.approx(1.0)
    assert ndcg_at_k(["c", "b", "a"], RELEVANT, 10) < 1.0
    # Cut at 1, the best possible is the best single document, not all of them.
    assert ndcg_at_k(["a"], RELEVANT, 1) == 1.0


@pytest.mark.parametrize(
    "metric", [recall_at_k, precision_at_k, reciprocal_rank, average_precision, ndcg_at_k]
)
def test_bad_arguments_are_named(metric: object) -> None:
    assert callable(metric)
    with pytest.raises(ValueError, match="relevant has no grade above 0"):
        metric(["a"], {}, 5)
    with pytest.raises(ValueError, match="relevant has no grade above 0"):
        metric(["a"], {"a": 0}, 5)
    with pytest.raises(ValueError, match="k is 0"):
        metric(["a"], RELEVANT, 0)
    for grade in (-1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="grade of 'a'"):
            metric(["a"], {"a": grade, "b": 1.0}, 5)


def test_unknown_gain_is_refused() -> None:
    with pytest.raises(ValueError, match="gain is 'log'"):
        ndcg_at_k(["a"], RELEVANT, 5, gain="log")  # type: ignore[arg-type]
