"""A forest of random projections: exact when it looks at everything, better with more trees."""

import numpy as np
import pytest

from handtorch.rag.projection_trees import ProjectionForest

from .ann_data import DIM, QUERIES, K, N, clustered, names, nearest, recall

pytest.importorskip("faiss")
DATA, ASKED = clustered(), clustered(QUERIES, seed=1)


def built(n: int = N, **settings: object) -> ProjectionForest:
    forest = ProjectionForest(DIM, **settings)
    forest.add(names(n), DATA[:n])
    forest.build()
    return forest


@pytest.mark.parametrize("metric", ["cosine", "l2"])
def test_with_all_candidates_it_is_faiss_exact_search(metric: str) -> None:
    forest = built(metric=metric, n_trees=2)
    for query, right in zip(ASKED, nearest(DATA, ASKED, metric)):
        assert [id for id, _ in forest.search(query, K, search_k=N)] == [f"v{i}" for i in right]


@pytest.mark.parametrize("metric", ["cosine", "l2"])
def test_recall_rises_with_candidates_and_with_trees(metric: str) -> None:
    truth = nearest(DATA, ASKED, metric)
    forest = built(metric=metric, n_trees=10)
    by_candidates = [
        recall(lambda q, s=s: forest.search(q, K, search_k=s), ASKED, truth) for s in (20, 100, 600)
    ]
    assert by_candidates == sorted(by_candidates)
    assert by_candidates[-1] >= 0.95
    few = built(metric=metric, n_trees=1)
    assert recall(lambda q: few.search(q, K, search_k=100), ASKED, truth) < by_candidates[1]


def test_a_tree_holds_each_vector_once_and_a_plane_parts_its_children() -> None:
    forest = built(500, n_trees=3, leaf_size=10)

    def below(number: int) -> list[int]:
        node = forest.nodes[number]
        if node.children[0] < 0:
            assert len(node.positions) <= 10
            return node.positions.tolist()
        left, right = (below(child) for child in node.children)
        if node.normal.any():
            margins = forest.vectors.rows.astype(np.float64) @ node.normal + node.offset
            assert (margins[left] <= 0).all()
            assert (margins[right] > 0).all()
        return left + right

    for root in forest.roots:
        assert sorted(below(root)) == list(range(500))


def test_a_query_costs_far_less_than_comparing_with_all() -> None:
    forest = built(n_trees=5)
    before = forest.vectors.computed
    for query in ASKED:
        forest.search(query, K, search_k=100)
    assert (forest.vectors.computed - before) / QUERIES < N / 5


def test_equal_vectors_do_not_grow_an_endless_tree() -> None:
    forest = ProjectionForest(3, n_trees=2, leaf_size=4)
    forest.add(names(100), np.ones((100, 3)))
    forest.build()
    assert len(forest.search(np.ones(3), 7)) == 7


def test_a_forest_is_built_once() -> None:
    forest = ProjectionForest(DIM, n_trees=2)
    assert forest.search(DATA[0], 3) == []
    forest.add(names(50), DATA[:50])
    with pytest.raises(ValueError, match=r"call build\(\) after the last add"):
        forest.search(DATA[0], 3)
    forest.build()
    with pytest.raises(ValueError, match="built once"):
        forest.build()
    with pytest.raises(ValueError, match="a new vector needs a new forest"):
        forest.add(["new"], DATA[:1])
    assert len(forest.search(DATA[0], 99)) == 50
    forest.delete("v0")
    assert forest.search(DATA[0], 1)[0][0] != "v0"


def test_an_empty_forest_can_be_built() -> None:
    forest = ProjectionForest(DIM)
    forest.build()
    assert forest.search(DATA[0], 3) == []


def test_the_same_seed_grows_the_same_trees() -> None:
    one, same, other = (built(300, seed=seed).search(ASKED[0], K, 30) for seed in (1, 1, 2))
    assert one == same
    assert one != other
