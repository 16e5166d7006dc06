"""Exact search against faiss.IndexFlatIP, numpy's own sort, and what must not break it."""

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handtorch.rag.dense import DenseIndex, normalize, top_k

IDS = [f"d{i}" for i in range(5_000)]


def vectors(n: int, d: int = 24, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)


@pytest.mark.parametrize("n", [3, 700, 5_000])
@pytest.mark.parametrize("k", [1, 10, 200])
def test_search_equals_faiss_flat(n: int, k: int) -> None:
    x, q = normalize(vectors(n)), normalize(vectors(100, seed=1))  # more than one block
    flat = faiss.IndexFlatIP(x.shape[1])
    flat.add(x)
    scores, positions = flat.search(q, min(k, n))
    ours_positions, ours_scores = DenseIndex(IDS[:n], x).nearest(q, k)
    np.testing.assert_allclose(ours_scores, scores, atol=1e-6)
    # Both round in float32, in different orders: near ties may stand the other way round.
    exact = q.astype(np.float64) @ x.T.astype(np.float64)
    ours, theirs = (np.take_along_axis(exact, p, axis=1) for p in (ours_positions, positions))
    np.testing.assert_allclose(ours, theirs, atol=1e-6)
    assert (ours_positions == positions).mean() > 0.999


def test_batch_and_single_agree() -> None:
    index = DenseIndex(IDS[:300], vectors(300).astype(np.float64))
    queries = vectors(7, seed=2).astype(np.float64)
    batch = index.search_batch(queries, 5)
    for query, ranking in zip(queries, batch):
        single = index.search(query, 5)
        assert [id for id, _ in single] == [id for id, _ in ranking]
        np.testing.assert_allclose([s for _, s in single], [s for _, s in ranking])


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_top_k_is_the_beginning_of_a_stable_sort(data: st.DataObject) -> None:
    """Few values, so that ties stand at the border of the selection; n on both sides of 4,096."""
    n = data.draw(st.sampled_from([0, 1, 5, 40, 4_095, 4_096, 9_000]))
    levels = data.draw(st.sampled_from([1, 2, 5, 1_000_000]))
    rng = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    scores = rng.integers(-levels, levels, n) / 7
    k = data.draw(st.integers(1, 300))
    expected = sorted(range(n), key=lambda i: (-scores[i], i))[:k]
    assert top_k(scores, k).tolist() == expected


def test_top_k_with_infinite_scores_and_with_all_of_them_in_one_group() -> None:
    scores = np.zeros(10_240)
    scores[7::1024] = np.arange(10) + 1.0  # the ten best fall into the same group
    assert top_k(scores, 3).tolist() == [9 * 1024 + 7, 8 * 1024 + 7, 7 * 1024 + 7]
    scores[5], scores[6] = -np.inf, np.inf
    assert top_k(scores, 1).tolist() == [6]
    assert top_k(scores, 20_000)[-1] == 5


def test_normalize_gives_length_one_and_leaves_zeros() -> None:
    x = np.array([[3.0, 4.0], [0.0, 0.0], [-2.0, 0.0]])
    np.testing.assert_allclose(normalize(x), [[0.6, 0.8], [0, 0], [-1, 0]])
    np.testing.assert_allclose(normalize(np.array([3, 4])), [0.6, 0.8])


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1.0, 1e200])
def test_normalize_survives_numbers_whose_squares_do_not_fit(scale: float) -> None:
    np.testing.assert_allclose(normalize(scale * np.array([3.0, 4.0])), [0.6, 0.8], rtol=1e-12)


def test_vectors_of_zeros_have_cosine_zero_with_everything() -> None:
    index = DenseIndex(["zero", "one"], normalize(np.array([[0.0, 0.0], [1.0, 1.0]])))
    assert index.search(normalize(np.array([-1.0, 0.0])), 5)[0] == ("zero", 0.0)
    assert index.search(np.zeros(2), 5) == [("zero", 0.0), ("one", 0.0)]


def test_k_larger_than_the_corpus_and_an_empty_corpus() -> None:
    assert len(DenseIndex(["a", "b"], np.eye(2)).search(np.ones(2), 100)) == 2
    empty = DenseIndex([], np.zeros((0, 4)))
    assert empty.search(np.ones(4), 3) == []
    assert empty.search_batch(np.ones((2, 4))) == [[], []]
    assert len(empty) == 0


def test_bad_input_is_named_and_the_index_goes_on() -> None:
    index = DenseIndex(["a", "b"], np.eye(2))
    with pytest.raises(ValueError, match="query holds NaN or infinity"):
        index.search(np.array([np.nan, 1.0]))
    with pytest.raises(ValueError, match=r"query has shape \(3,\); it must be \(2,\)"):
        index.search(np.ones(3))
    with pytest.raises(ValueError, match="k is 0; it must be 1 or more"):
        index.search(np.ones(2), 0)
    assert index.search(np.array([0, 1]), 1) == [("b", 1.0)]
    with pytest.raises(ValueError, match="vectors holds NaN"):
        DenseIndex(["a"], np.array([[np.inf]]))
    with pytest.raises(ValueError, match=r"they must be \(3, d\)"):
        DenseIndex(["a", "b", "c"], np.eye(2))
    with pytest.raises(ValueError, match="id 'a' occurs twice"):
        DenseIndex(["a", "a"], np.eye(2))
    with pytest.raises(ValueError, match="x holds NaN"):
        normalize(np.array([np.nan]))
    with pytest.raises(ValueError, match="scores hold NaN"):
        top_k(np.array([0.0, np.nan]), 1)
