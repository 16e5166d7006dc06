"""Filters before, after and inside a search; and Qdrant's embedded mode behind our interface."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from handtorch.rag.filtering import Between, filtered_search, matches, rows_of
from handtorch.rag.hnsw import HNSWIndex
from handtorch.rag.ivf import IVFIndex
from handtorch.rag.projection_trees import ProjectionForest
from handtorch.rag.vector_store import MemoryVectorStore, QdrantVectorStore

from .ann_data import DIM, QUERIES, K, N, clustered, names, nearest, recall

pytest.importorskip("faiss")
DATA, ASKED = clustered(), clustered(QUERIES, seed=1)
ROWS = [
    {"chapter": "a", "language": "en", "date": "2026-01-05"},
    {"chapter": "b", "language": "zh", "date": "2026-03-01"},
    {"chapter": "b", "language": "en", "date": "2025-12-31"},
    {"chapter": "c"},
]
FILTERS = [
    ({}, [0, 1, 2, 3]),
    ({"chapter": "b"}, [1, 2]),
    ({"chapter": "b", "language": "en"}, [2]),
    ({"chapter": ["a", "c"]}, [0, 3]),
    ({"date": Between("2026-01-01", "2026-12-31")}, [0, 1]),
    ({"language": "fr"}, []),
    ({"no such field": "x"}, []),
    ({"chapter": []}, []),
]


@pytest.mark.parametrize(("where", "right"), FILTERS)
def test_conditions(where, right: list[int]) -> None:
    assert [i for i, row in enumerate(ROWS) if matches(row, where)] == right
    assert np.flatnonzero(rows_of(ROWS).allowed(where)).tolist() == right


@pytest.fixture(scope="module")
def graph() -> HNSWIndex:
    index = HNSWIndex(DIM, m=8, ef_construction=60)
    index.add_all(names(), DATA)
    return index


def truth_among(kept: np.ndarray) -> np.ndarray:
    return kept[nearest(DATA[kept], ASKED, "cosine")]


@pytest.mark.parametrize("share", [0.5, 0.1, 0.02])
def test_after_collapses_where_before_and_inside_do_not(graph: HNSWIndex, share: float) -> None:
    kept = np.sort(np.random.default_rng(9).choice(N, int(N * share), replace=False))
    allowed = np.zeros(N, bool)
    allowed[kept] = True
    truth = truth_among(kept)

    def reached(strategy: str, **options: int) -> float:
        return recall(
            lambda q: filtered_search(graph, q, K, allowed, strategy, ef=60, **options),
            ASKED,
            truth,
        )

    assert reached("before") == 1
    assert reached("inside") >= 0.95
    assert reached("after") == pytest.approx(share, abs=0.07)
    assert reached("after", oversample=4) == pytest.approx(min(1, 4 * share), abs=0.12)
    assert reached("auto") >= 0.95


def test_inside_pays_for_rare_rows_with_a_longer_walk(graph: HNSWIndex) -> None:
    works = []
    for share in (1, 0.2, 0.04):
        allowed = np.random.default_rng(9).random(N) < share
        before = graph.vectors.computed
        for query in ASKED:
            filtered_search(graph, query, K, allowed, "inside", ef=20)
        works.append(graph.vectors.computed - before)
    assert works == sorted(works)
    assert works[-1] > 3 * works[0]


def test_every_index_filters_inside() -> None:
    lists = IVFIndex(DIM, 20)
    lists.add(names(), DATA)
    forest = ProjectionForest(DIM, n_trees=8)
    forest.add(names(), DATA)
    forest.build()
    allowed = np.arange(N) % 10 == 0
    truth = truth_among(np.flatnonzero(allowed))
    for index, options in ((lists, {"n_probe": 8}), (forest, {"search_k": 100})):
        found = recall(
            lambda q, i=index, o=options: filtered_search(i, q, K, allowed, "inside", **o),
            ASKED,
            truth,
        )
        assert found >= 0.9


def test_nothing_allowed_finds_nothing(graph: HNSWIndex) -> None:
    for strategy in ("before", "after", "inside", "auto"):
        assert filtered_search(graph, ASKED[0], 3, np.zeros(N, bool), strategy) == []


def test_wrong_arguments(graph: HNSWIndex) -> None:
    everything = np.ones(N, bool)
    with pytest.raises(ValueError, match="strategy is 'first'"):
        filtered_search(graph, ASKED[0], 3, everything, "first")
    with pytest.raises(ValueError, match="allowed has 5 entries for 2000 rows"):
        filtered_search(graph, ASKED[0], 3, everything[:5])
    with pytest.raises(ValueError, match="oversample is 0"):
        filtered_search(graph, ASKED[0], 3, everything, oversample=0)


@pytest.fixture(params=["memory", "qdrant"])
def store(request: pytest.FixtureRequest, tmp_path: Path):
    if request.param == "memory":
        yield MemoryVectorStore(DIM)
    else:
        pytest.importorskip("qdrant_client")
        with QdrantVectorStore(tmp_path / "points", DIM) as opened:
            yield opened


class TestEveryStore:
    def test_finds_what_exact_search_finds(self, store) -> None:
        store.add(names(100), DATA[:100])
        assert len(store) == 100
        truth = nearest(DATA[:100], ASKED, "cosine")
        assert recall(lambda q: store.search(q, K), ASKED, truth) >= 0.98
        assert store.search(DATA[8], 1)[0] == ("v8", pytest.approx(1, abs=1e-6))

    @pytest.mark.parametrize(("where", "right"), FILTERS)
    def test_filters(self, store, where, right: list[int]) -> None:
        store.add(names(4), DATA[:4], ROWS)
        assert {id for id, _ in store.search(DATA[0], 10, where)} == {f"v{i}" for i in right}

    def test_deletes(self, store) -> None:
        store.add(["a", "b", "文档/三"], DATA[:3])
        store.delete(["a"])
        assert {id for id, _ in store.search(DATA[0], 9)} == {"b", "文档/三"}
        for wrong in (["b", "a"], ["b", "b"]):
            with pytest.raises(ValueError, match="nothing was deleted"):
                store.delete(wrong)
        assert len(store) == 2
        store.add(["a"], DATA[5:6], [{"chapter": "new"}])
        assert store.search(DATA[5], 1, {"chapter": "new"})[0][0] == "a"

    def test_refuses_whole_batches(self, store) -> None:
        store.add(["a"], DATA[:1])
        bad = DATA[:2].copy()
        bad[1, 3] = np.nan
        with pytest.raises(ValueError, match="NaN"):
            store.add(["x", "y"], bad)
        with pytest.raises(ValueError, match="must have 24 numbers"):
            store.add(["x"], np.ones((1, 5)))
        with pytest.raises(ValueError, match="'a' is there already"):
            store.add(["x", "a"], DATA[:2])
        with pytest.raises(ValueError, match="metadata has 1 entries for 2 ids"):
            store.add(["x", "y"], DATA[:2], [{}])
        assert len(store) == 1
        store.add([], [])
        assert len(store.search(DATA[0], 5)) == 1

    def test_bad_queries(self, store) -> None:
        assert store.search(DATA[0], 3) == []
        for bad in (np.full(DIM, np.nan), np.ones(3)):
            with pytest.raises(ValueError, match="query has"):
                store.search(bad, 3)
        with pytest.raises(ValueError, match="k is 0"):
            store.search(DATA[0], 0)


def test_qdrant_keeps_its_points_on_disk(tmp_path: Path) -> None:
    pytest.importorskip("qdrant_client")
    with QdrantVectorStore(tmp_path, DIM) as store:
        store.add(names(4), DATA[:4], ROWS)
        found = store.search(DATA[1], 2, {"language": "en"})
    with QdrantVectorStore(tmp_path, DIM) as store:
        assert len(store) == 4
        again = store.search(DATA[1], 2, {"language": "en"})
        assert [id for id, _ in again] == [id for id, _ in found]
        store.delete(["v2"])
    with QdrantVectorStore(tmp_path, DIM) as store:
        assert {id for id, _ in store.search(DATA[1], 9)} == {"v0", "v1", "v3"}
        with pytest.raises(ValueError, match="must be dates"):
            store.search(DATA[1], 2, {"chapter": Between("a", "b")})
    with pytest.raises(ValueError, match="dim is 7; the collection 'chunks' has vectors of 24"):
        QdrantVectorStore(tmp_path, 7)
    with QdrantVectorStore(tmp_path, DIM) as store:  # the refused call left it closed
        assert len(store) == 3


def test_without_qdrant_the_module_loads_and_the_error_says_what_to_do() -> None:
    code = """
import sys
sys.modules["qdrant_client"] = None
from handtorch.rag.vector_store import MemoryVectorStore, QdrantVectorStore
MemoryVectorStore(3)
try:
    QdrantVectorStore("unused", 3)
except ImportError as error:
    assert "pip install qdrant-client" in str(error)
else:
    raise SystemExit("no error")
"""
    subprocess.run([sys.executable, "-c", code], check=True)
