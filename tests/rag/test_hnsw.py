"""HNSW beside hnswlib at the same M and ef, marks of deletion, and files that are damaged."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handtorch.rag.hnsw import HNSWIndex, random_level
from handtorch.rag.index_file import CorruptIndexError

from .ann_data import DIM, QUERIES, K, N, clustered, names, nearest, recall

hnswlib = pytest.importorskip("hnswlib")
pytest.importorskip("faiss")
DATA, ASKED = clustered(), clustered(QUERIES, seed=1)


def built(n: int = N, metric: str = "cosine", **settings: object) -> HNSWIndex:
    index = HNSWIndex(DIM, **{"m": 8, "ef_construction": 60, "metric": metric, **settings})
    index.add_all(names(n), DATA[:n])
    return index


@pytest.fixture(scope="module", params=["cosine", "l2"])
def index(request: pytest.FixtureRequest) -> HNSWIndex:
    return built(metric=request.param)


def test_recall_beside_hnswlib(index: HNSWIndex) -> None:
    metric = index.vectors.metric
    theirs = hnswlib.Index(metric, DIM)
    theirs.init_index(N, M=8, ef_construction=60, random_seed=0)
    theirs.add_items(DATA, np.arange(N), num_threads=1)
    truth = nearest(DATA, ASKED, metric)
    recalls = []
    for ef in (10, 30, 100):
        theirs.set_ef(ef)
        labels = theirs.knn_query(ASKED, K, num_threads=1)[0].tolist()
        reached = np.mean([len(set(f) & set(t)) / K for f, t in zip(labels, truth.tolist())])
        recalls.append(recall(lambda q, ef=ef: index.search(q, K, ef), ASKED, truth))
        assert recalls[-1] > reached - 0.03
    assert recalls == sorted(recalls)
    assert recalls[-1] >= 0.95


def test_scores_are_those_of_exact_search(index: HNSWIndex) -> None:
    for query in ASKED[:5]:
        exact = dict(index.vectors.exact(query, N))
        found = index.search(query, K, ef=80)
        assert len(found) == K
        assert [exact[id] for id, _ in found] == pytest.approx([score for _, score in found])
        assert [score for _, score in found] == sorted((s for _, s in found), reverse=True)


def test_a_search_compares_few_and_more_with_ef(index: HNSWIndex) -> None:
    works = []
    for ef in (10, 40, 160):
        before = index.vectors.computed
        for query in ASKED:
            index.search(query, K, ef)
        works.append((index.vectors.computed - before) / QUERIES)
    assert works == sorted(works)
    assert works[0] < N / 8


def test_the_graph_is_as_the_paper_says(index: HNSWIndex) -> None:
    """At most 2 M links on level 0 and M above, none to itself, none twice, all on that level."""
    for position, levels in enumerate(index.links):
        for layer, links in enumerate(levels):
            assert len(links) <= (16 if layer == 0 else 8)
            assert len(set(links)) == len(links)
            assert position not in links
            assert all(index.level(link) >= layer for link in links)
    assert index.level(index.entry) == max(map(index.level, range(N)))


def test_levels_fall_off_by_m() -> None:
    levels = [random_level(3, position, 8) for position in range(8000)]
    for layer in (1, 2):  # 1000 and 125 expected; six standard deviations are allowed
        expected = 8000 * 8.0**-layer
        assert abs(sum(level >= layer for level in levels) - expected) < 6 * expected**0.5
    assert levels == [random_level(3, position, 8) for position in range(8000)]


def test_the_heuristic_links_clusters_that_nearest_neighbors_leave_apart() -> None:
    """Twenty tight clusters far apart: the m nearest are all of one's own cluster."""
    chance = np.random.default_rng(0)
    centers = 100 * chance.normal(size=(20, 4))
    rows = (centers[:, None] + 0.01 * chance.normal(size=(20, 40, 4))).reshape(-1, 4)
    order = chance.permutation(len(rows))
    recalls = {}
    for heuristic in (True, False):
        index = HNSWIndex(4, m=6, ef_construction=20, metric="l2", heuristic=heuristic)
        index.add_all(names(800), rows[order])
        hits = [index.search(row, 1, ef=10)[0][0] == f"v{i}" for i, row in enumerate(rows[order])]
        recalls[heuristic] = np.mean(hits)
    assert recalls[True] > 0.95 > recalls[False] + 0.1


def test_deleted_ones_are_walked_through_and_never_returned() -> None:
    index = built(600)
    gone = set(np.random.default_rng(5).choice(600, 300, replace=False).tolist())
    for i in gone:
        index.delete(f"v{i}")
    assert len(index) == 300
    kept = [i for i in range(600) if i not in gone]
    truth = np.array(kept)[nearest(DATA[kept], ASKED, "cosine")]
    assert recall(lambda q: index.search(q, K, 60), ASKED, truth) >= 0.95
    with pytest.raises(ValueError, match="not in the index"):
        index.delete(f"v{min(gone)}")
    small = index.compacted()
    assert len(small.links) == 300
    assert recall(lambda q: small.search(q, K, 60), ASKED, truth) >= 0.95


def test_a_deleted_id_can_come_back_with_another_vector() -> None:
    index = built(200)
    index.delete("v3")
    index.add("v3", -DATA[3])
    assert index.search(-DATA[3], 1)[0] == ("v3", pytest.approx(1))
    assert index.search(DATA[3], 1)[0][0] != "v3"
    assert len(index) == 200


def test_everything_deleted_is_an_empty_index() -> None:
    index = built(5)
    for i in range(5):
        index.delete(f"v{i}")
    assert index.search(DATA[0], 3) == []
    assert index.compacted().search(DATA[0], 3) == []


@pytest.mark.parametrize("n", [1, 2, 9])
def test_k_beyond_the_size_returns_all(n: int) -> None:
    found = built(n).search(DATA[0], 50, ef=1)
    assert len(found) == n
    assert found[0][0] == "v0"


def test_a_bad_batch_is_refused_whole() -> None:
    index = built(30)
    rows = DATA[30:40].astype(np.float64)
    rows[7, 2] = np.nan
    with pytest.raises(ValueError, match="NaN or infinity in row 7"):
        index.add_all(names(40)[30:], rows)
    with pytest.raises(ValueError, match="'v4' is there already"):
        index.add("v4", DATA[50])
    with pytest.raises(ValueError, match="must have 24 numbers"):
        index.add("new", np.ones(3))
    assert len(index) == len(index.links) == 30
    assert index.search(DATA[29], 1)[0][0] == "v29"


def test_equal_vectors_are_all_found() -> None:
    index = HNSWIndex(DIM, m=4, ef_construction=10)
    index.add_all(names(30), np.ones((30, DIM)))
    assert index.search(np.ones(DIM), 5, ef=10)[0][1] == pytest.approx(1)
    assert len(index.search(np.ones(DIM), 5, ef=10)) == 5


@pytest.mark.parametrize("settings", [{"m": 1}, {"ef_construction": 0}, {"metric": "dot"}])
def test_wrong_settings(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(settings))):
        HNSWIndex(DIM, **settings)


def test_saved_and_loaded_it_answers_and_grows_as_before(tmp_path: Path) -> None:
    index = built(300)
    index.delete("v7")
    index.save(tmp_path / "graph")
    again = HNSWIndex.load(tmp_path / "graph")
    assert (len(again), again.links, again.entry) == (299, index.links, index.entry)
    for one in (index, again):
        one.add_all(names(400)[300:], DATA[300:400])
    assert again.links == index.links
    for query in ASKED[:10]:
        assert again.search(query, K) == index.search(query, K)
    again.save(tmp_path / "graph")  # over the old file
    assert len(HNSWIndex.load(tmp_path / "graph")) == 399
    assert [path.name for path in tmp_path.iterdir()] == ["graph"]


def test_an_empty_index_can_be_saved(tmp_path: Path) -> None:
    HNSWIndex(DIM).save(tmp_path / "graph")
    index = HNSWIndex.load(tmp_path / "graph")
    assert index.search(DATA[0], 3) == []
    index.add("a", DATA[0])
    assert index.search(DATA[0], 3)[0][0] == "a"


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_any_damage_is_noticed(tmp_path_factory: pytest.TempPathFactory, data) -> None:
    folder = tmp_path_factory.mktemp("damage")
    index = HNSWIndex(2, m=2)
    index.add_all(["a", "b", "c"], [[1, 0], [0, 1], [1, 1]])
    index.save(folder / "graph")
    whole = (folder / "graph").read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    kind = data.draw(st.sampled_from(["cut", "flip", "longer"]))
    if kind == "cut":
        damaged = whole[:place]
    elif kind == "flip":
        damaged = whole[:place] + bytes([whole[place] ^ data.draw(st.integers(1, 255))])
        damaged += whole[place + 1 :]
    else:
        damaged = whole + b"x"
    (folder / "graph").write_bytes(damaged)
    with pytest.raises(CorruptIndexError, match="graph"):
        HNSWIndex.load(folder / "graph")


def test_another_file_is_no_index(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing to see" * 20)
    with pytest.raises(CorruptIndexError, match="is no index file"):
        HNSWIndex.load(tmp_path / "notes.txt")
    with pytest.raises(FileNotFoundError):
        HNSWIndex.load(tmp_path / "missing")


def test_a_failed_save_leaves_the_old_file(tmp_path: Path, monkeypatch) -> None:
    index = built(20)
    index.save(tmp_path / "graph")
    index.add("new", DATA[50])

    def full_disk(fd: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="no space"):
        index.save(tmp_path / "graph")
    assert len(HNSWIndex.load(tmp_path / "graph")) == 20
    assert [path.name for path in tmp_path.iterdir()] == ["graph"]
