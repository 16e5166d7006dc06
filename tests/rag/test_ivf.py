"""IVF against faiss: the same lists give the same results; and what both refuse."""

import numpy as np
import pytest

from handtorch.rag.hnsw import HNSWIndex
from handtorch.rag.index_recall import nearest_ids, recall_and_cost
from handtorch.rag.ivf import IVFIndex, k_means, squared_distances
from handtorch.rag.product_quantization import IVFPQIndex
from handtorch.rag.projection_trees import ProjectionForest
from handtorch.rag.vectors import Vectors

from .ann_data import DIM, QUERIES, K, N, clustered, names, nearest, recall

faiss = pytest.importorskip("faiss")
DATA, ASKED = clustered(), clustered(QUERIES, seed=1)


@pytest.mark.parametrize("metric", ["cosine", "l2"])
def test_every_list_probed_is_faiss_exact_search(metric: str) -> None:
    index = IVFIndex(DIM, 30, metric)
    index.add(names(), DATA)
    truth = nearest(DATA, ASKED, metric)
    for query, right in zip(ASKED, truth):
        assert [id for id, _ in index.search(query, K, n_probe=30)] == [f"v{i}" for i in right]


@pytest.mark.parametrize("n_probe", [1, 3])
def test_with_the_same_centroids_faiss_finds_the_same(n_probe: int) -> None:
    ours = IVFIndex(DIM, 30, "l2")
    ours.add(names(), DATA)
    assert ours.centroids is not None
    quantizer = faiss.IndexFlatL2(DIM)
    quantizer.add(ours.centroids.astype(np.float32))
    theirs = faiss.IndexIVFFlat(quantizer, DIM, 30)
    theirs.is_trained = True
    theirs.add(DATA)
    theirs.nprobe = n_probe
    distances, positions = theirs.search(ASKED, K)
    for query, right, far in zip(ASKED, positions, distances):
        found = ours.search(query, K, n_probe)
        assert [id for id, _ in found] == [f"v{i}" for i in right]
        np.testing.assert_allclose([-score for _, score in found], far, rtol=1e-4, atol=1e-4)


def test_recall_rises_with_n_probe_and_so_does_the_work() -> None:
    index = IVFIndex(DIM, 40)
    index.add(names(), DATA)
    truth = nearest(DATA, ASKED, "cosine")
    recalls, works = [], []
    for n_probe in (1, 4, 40):
        before = index.vectors.computed
        recalls.append(recall(lambda q, p=n_probe: index.search(q, K, p), ASKED, truth))
        works.append(index.vectors.computed - before)
    assert recalls == sorted(recalls)
    assert recalls[-1] == 1
    assert works[0] < works[1] < works[2] == QUERIES * (N + 40)


def test_k_means_lowers_the_sum_of_squares_as_faiss_does() -> None:
    ours = k_means(DATA.astype(np.float64), 30, iterations=20)
    theirs = faiss.Kmeans(DIM, 30, niter=20, seed=1, min_points_per_centroid=1)
    theirs.train(DATA)
    cost = [
        squared_distances(DATA.astype(np.float64), c.astype(np.float64)).min(1).sum()
        for c in (ours, theirs.centroids)
    ]
    assert cost[0] < 1.15 * cost[1]


def test_k_means_gives_k_finite_centroids_when_rows_are_equal() -> None:
    centroids = k_means(np.ones((9, 3)), 4)
    assert centroids.shape == (4, 3)
    np.testing.assert_array_equal(centroids, 1)


def test_deleted_and_forbidden_rows_never_come_back() -> None:
    index = IVFIndex(DIM, 10)
    index.add(names(), DATA)
    first, second = (id for id, _ in index.search(DATA[5], 2, n_probe=3))
    assert first == "v5"
    index.delete("v5")
    assert index.search(DATA[5], 1, n_probe=3)[0][0] == second
    allowed = np.ones(N, bool)
    allowed[int(second[1:])] = False
    assert index.search(DATA[5], 1, n_probe=3, allowed=allowed)[0][0] not in ("v5", second)


def all_kinds() -> list:
    forest = ProjectionForest(DIM, n_trees=2)
    return [Vectors(DIM), IVFIndex(DIM, 4), IVFPQIndex(DIM, 4, 6, n_centroids=8), forest]


@pytest.mark.parametrize("kind", range(4))
class TestEveryIndexRefuses:
    """One rule for all: a bad batch is refused whole, and what was there stays."""

    def full(self, kind: int):
        index = all_kinds()[kind]
        index.add(names(50), DATA[:50])
        return index

    @pytest.mark.parametrize(
        ("ids", "vectors", "message"),
        [
            (
                ["a", "b"],
                np.array([np.ones(DIM), np.full(DIM, np.nan)]),
                "NaN or infinity in row 1",
            ),
            (["a"], np.full((1, DIM), np.inf), "NaN or infinity in row 0"),
            (["a"], np.ones((1, DIM + 1)), f"each vector must have {DIM} numbers"),
            (["a"], np.ones(DIM), f"each vector must have {DIM} numbers"),
            (["a", "v7"], np.ones((2, DIM)), "'v7' is there already"),
            (["a", "a"], np.ones((2, DIM)), "'a' is there already"),
            (["a"], np.ones((2, DIM)), "1 ids and 2 vectors"),
        ],
    )
    def test_a_bad_batch_whole(self, kind: int, ids, vectors, message: str) -> None:
        index = self.full(kind)
        with pytest.raises(ValueError, match=message):
            index.add(ids, vectors)
        assert len(index) == 50
        with pytest.raises(ValueError, match="not in the index"):
            index.delete("a")

    def test_nothing_is_added_by_an_empty_batch(self, kind: int) -> None:
        index = self.full(kind)
        index.add([], [])
        assert len(index) == 50


@pytest.mark.parametrize("index", [IVFIndex(DIM, 4), IVFPQIndex(DIM, 4, 6), HNSWIndex(DIM)])
def test_an_empty_index_finds_nothing(index) -> None:
    assert index.search(np.ones(DIM), 3) == []
    for bad in (np.full(DIM, np.nan), np.ones(DIM - 1), [], 1.0, np.ones((2, DIM))):
        with pytest.raises(ValueError, match="query has"):
            index.search(bad, 3)
    with pytest.raises(ValueError, match="k is 0"):
        index.search(np.ones(DIM), 0)


def test_k_beyond_the_size_returns_all_in_order() -> None:
    index = IVFIndex(DIM, 8)
    index.add(names(40), DATA[:40])
    found = index.search(DATA[0], 100, n_probe=1)
    assert len(found) == 40
    assert [score for _, score in found] == sorted((s for _, s in found), reverse=True)
    assert index.search(DATA[0], 40) == found


def test_ties_go_by_position_and_a_vector_of_zeros_has_cosine_zero() -> None:
    index = IVFIndex(2, 1)
    index.add(["b", "a", "zero", "c"], [[1, 0], [2, 0], [0, 0], [0, 1]])
    assert index.search([3, 0], 4) == [("b", 1.0), ("a", 1.0), ("zero", 0.0), ("c", 0.0)]


def test_too_few_vectors_cannot_train() -> None:
    index = IVFIndex(DIM, 8)
    with pytest.raises(ValueError, match="3 vectors cannot train 8 centroids"):
        index.add(names(3), DATA[:3])
    assert len(index) == 0
    index.train(DATA[:100])
    index.add(names(3), DATA[:3])
    assert index.search(DATA[2], 1, n_probe=8)[0][0] == "v2"
    with pytest.raises(ValueError, match="train an empty one"):
        index.train(DATA)


def test_recall_and_cost_by_hand() -> None:
    """Of the right answers a, b the first search finds one, of c the second finds it: 3/4."""
    vectors = Vectors(2)
    vectors.add(["a", "b", "c"], [[1, 0], [1, 0.1], [0, 1]])
    queries = [np.array([1.0, 0.0]), np.array([0.0, 1.0])]
    assert nearest_ids(vectors, queries, 2) == [["a", "b"], ["c", "b"]]
    answers = iter([[("a", 1.0), ("c", 0.0)], [("c", 1.0)]])

    def search(query: np.ndarray) -> list[tuple[str, float]]:
        vectors.distances(query, [0, 1])
        return next(answers)

    assert recall_and_cost(search, queries, [["a", "b"], ["c"]], vectors) == (0.75, 2)
    with pytest.raises(ValueError, match="empty list"):
        recall_and_cost(search, queries[:1], [[]], vectors)
