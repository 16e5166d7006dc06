"""Fusion: against a loop over the definition, and the cases where fusions usually break.

The constants are those of the paper and of ranx: k = 60 and places from 1. Qdrant's local RRF
counts from 0 with k = 2.
"""

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handtorch.rag.dense import Ranking
from handtorch.rag.fusion import min_max, reciprocal_rank_fusion, weighted_sum, z_score

KEYWORD: Ranking = [("a", 12.0), ("b", 8.0), ("c", 2.0)]
VECTOR: Ranking = [("c", 0.9), ("d", 0.8), ("a", 0.4)]


def ids(ranking: Ranking) -> list[str]:
    return [id for id, _ in ranking]


def test_min_max_and_z_score_by_hand() -> None:
    np.testing.assert_allclose(min_max([12, 8, 2]), [1, 0.6, 0])
    # mean 22/3, deviations 14/3, 2/3, -16/3; variance (196 + 4 + 256) / 27
    expected = np.array([14, 2, -16]) / 3 / math.sqrt(456 / 27)
    np.testing.assert_allclose(z_score([12, 8, 2]), expected)


@pytest.mark.parametrize("scores", [[0.1] * 3, [5.0], [-2.0, -2.0], [0.0]])
def test_equal_scores_are_neither_nan_nor_huge(scores: list[float]) -> None:
    assert min_max(scores).tolist() == [1.0] * len(scores)
    assert z_score(scores).tolist() == [0.0] * len(scores)


def test_no_scores() -> None:
    assert min_max([]).tolist() == []
    assert z_score([]).tolist() == []


def test_weighted_sum_by_hand() -> None:
    """Normalized: a 1, b 0.6, c 0; and c 1, d 0.8, a 0. Weights 0.3 and 0.7."""
    fused = weighted_sum([KEYWORD, VECTOR], [0.3, 0.7])
    assert ids(fused) == ["c", "d", "a", "b"]
    np.testing.assert_allclose([s for _, s in fused], [0.7, 0.56, 0.3, 0.18])


def test_absent_documents_get_the_lowest_z_score_and_not_the_mean() -> None:
    fused = dict(weighted_sum([KEYWORD, VECTOR], [1, 1], "z_score"))
    low = z_score([0.9, 0.8, 0.4])[2]
    assert fused["b"] == pytest.approx(z_score([12, 8, 2])[1] + low)


def test_without_normalization_the_larger_scale_decides() -> None:
    assert ids(weighted_sum([KEYWORD, VECTOR], [0.5, 0.5], "none"))[:3] == ["a", "b", "c"]


@pytest.mark.parametrize("normalize", ["min_max", "z_score", "none"])
def test_weight_0_leaves_the_other_ranking_as_it_is(normalize: str) -> None:
    assert ids(weighted_sum([KEYWORD, VECTOR], [1, 0], normalize)) == ids(KEYWORD)
    assert ids(weighted_sum([KEYWORD, VECTOR], [0, 1], normalize)) == ids(VECTOR)
    assert weighted_sum([KEYWORD, VECTOR], [0, 0], normalize) == []
    assert ids(reciprocal_rank_fusion([KEYWORD, VECTOR], weights=[0, 1])) == ids(VECTOR)


def test_equal_scores_on_one_side_leave_the_order_to_the_other() -> None:
    flat = [(id, 7.0) for id in "abcd"]
    for normalize in ("min_max", "z_score"):
        fused = weighted_sum([flat, [*VECTOR, ("b", 0.1)]], [0.5, 0.5], normalize)
        assert ids(fused) == ["c", "d", "a", "b"]


def test_rrf_by_hand() -> None:
    fused = dict(reciprocal_rank_fusion([KEYWORD, VECTOR]))
    assert fused == {
        "a": pytest.approx(1 / 61 + 1 / 63),
        "b": pytest.approx(1 / 62),
        "c": pytest.approx(1 / 63 + 1 / 61),
        "d": pytest.approx(1 / 62),
    }
    assert ids(reciprocal_rank_fusion([KEYWORD, VECTOR])) == ["a", "c", "b", "d"]  # ties as met


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 10**6), st.integers(1, 4), st.sampled_from([0.0, 2.0, 60.0]))
def test_rrf_equals_a_loop_over_the_definition(seed: int, rankings: int, k: float) -> None:
    rng = random.Random(seed)
    lists = [rng.sample("abcdefgh", rng.randint(0, 8)) for _ in range(rankings)]
    expected = {
        id: sum(1 / (k + found.index(id) + 1) for found in lists if id in found)
        for id in "abcdefgh"
        if any(id in found for found in lists)
    }
    fused = reciprocal_rank_fusion([[(id, 0.0) for id in found] for found in lists], k)
    assert dict(fused) == pytest.approx(expected)
    scores = [score for _, score in fused]
    assert scores == sorted(scores, reverse=True)


def test_rrf_looks_at_places_only() -> None:
    stretched = [(id, score * 1000 - 5) for id, score in VECTOR]
    assert reciprocal_rank_fusion([KEYWORD, stretched]) == reciprocal_rank_fusion([KEYWORD, VECTOR])


def test_empty_rankings() -> None:
    assert reciprocal_rank_fusion([]) == []
    assert reciprocal_rank_fusion([[], []]) == []
    assert weighted_sum([[], []], [1, 1]) == []
    assert ids(weighted_sum([[], VECTOR], [0.9, 0.1])) == ids(VECTOR)
    assert ids(reciprocal_rank_fusion([[], VECTOR])) == ids(VECTOR)


def test_bad_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="weights are 1; they must be 2"):
        weighted_sum([KEYWORD, VECTOR], [1])
    with pytest.raises(ValueError, match=r"weights hold -0.5"):
        weighted_sum([KEYWORD, VECTOR], [1, -0.5])
    with pytest.raises(ValueError, match="weights hold nan"):
        reciprocal_rank_fusion([KEYWORD], weights=[math.nan])
    with pytest.raises(ValueError, match="k is -1"):
        reciprocal_rank_fusion([KEYWORD], -1)
    with pytest.raises(ValueError, match=r"rankings\[1\] names 'c' twice"):
        reciprocal_rank_fusion([KEYWORD, [*VECTOR, ("c", 0.1)]])
    with pytest.raises(ValueError, match=r"rankings\[0\] holds a score that is not finite"):
        weighted_sum([[("a", math.nan)]], [1])
    with pytest.raises(ValueError, match="normalize is 'softmax'; it must be one of min_max"):
        weighted_sum([KEYWORD], [1], "softmax")  # type: ignore[arg-type]
