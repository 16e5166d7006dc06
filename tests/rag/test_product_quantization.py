"""Product quantization: ADC worked by hand and against faiss, and the recall of IVF-PQ."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handtorch.rag.product_quantization import IVFPQIndex, ProductQuantizer

from .ann_data import DIM, QUERIES, K, clustered, names, nearest, recall

faiss = pytest.importorskip("faiss")
DATA, ASKED = clustered(), clustered(QUERIES, seed=1)


def test_distance_by_hand() -> None:
    """Two parts of one number; centroids {0, 1} and {0, 10}.

    (0.9, 8) is nearest to (1, 10), codes (1, 1). The query (3, 4) is (3-1)^2 + (4-10)^2 = 40
    from it, and 3^2 + 4^2 = 25 from the code (0, 0).
    """
    quantizer = ProductQuantizer(2, 2, n_centroids=2)
    quantizer.codebooks = np.array([[[0.0], [1.0]], [[0.0], [10.0]]])
    codes = quantizer.encode([[0.9, 8], [0.2, 1]])
    assert codes.tolist() == [[1, 1], [0, 0]]
    table = quantizer.table(np.array([3.0, 4.0]))
    assert table.tolist() == [[9, 4], [16, 36]]
    assert quantizer.distances(table, codes).tolist() == [40, 25]
    assert quantizer.decode(codes).tolist() == [[1, 10], [0, 0]]


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 1000), st.sampled_from([1, 2, 3, 6]))
def test_the_table_gives_the_distance_to_the_decoded_vector(seed: int, n_parts: int) -> None:
    chance = np.random.default_rng(seed)
    rows, query = chance.normal(size=(40, 6)), chance.normal(size=6)
    quantizer = ProductQuantizer(6, n_parts, n_centroids=8, seed=seed)
    quantizer.train(rows)
    codes = quantizer.encode(rows)
    decoded = quantizer.decode(codes)
    near = quantizer.distances(quantizer.table(query), codes)
    np.testing.assert_allclose(near, ((query - decoded) ** 2).sum(1), atol=1e-12)
    product = quantizer.distances(quantizer.table(query, product=True), codes)
    np.testing.assert_allclose(product, -decoded @ query, atol=1e-12)


def test_with_the_same_codebooks_faiss_gives_the_same_codes_and_distances() -> None:
    ours = ProductQuantizer(DIM, 6, n_centroids=256)
    ours.train(DATA)
    theirs = faiss.ProductQuantizer(DIM, 6, 8)
    faiss.copy_array_to_vector(ours.codebooks.astype(np.float32).ravel(), theirs.centroids)
    codes = ours.encode(DATA)
    agree = (codes == theirs.compute_codes(DATA)).mean()
    assert agree > 0.999  # float32 may decide a near tie differently
    index = faiss.IndexPQ(DIM, 6, 8)
    index.pq, index.is_trained = theirs, True
    index.add(DATA)
    for query in ASKED[:10]:
        far = np.sort(ours.distances(ours.table(query.astype(np.float64)), codes))[:K]
        np.testing.assert_allclose(far, index.search(query[None], K)[0][0], rtol=1e-3)


def test_reconstruction_is_as_good_as_that_of_faiss_and_better_with_more_parts() -> None:
    errors = []
    for n_parts in (3, 6, 12):
        ours = ProductQuantizer(DIM, n_parts)
        ours.train(DATA)
        errors.append(float(((DATA - ours.decode(ours.encode(DATA))) ** 2).sum(1).mean()))
        theirs = faiss.ProductQuantizer(DIM, n_parts, 8)
        theirs.train(DATA)
        decoded = theirs.decode(theirs.compute_codes(DATA))
        assert errors[-1] < 1.1 * float(((DATA - decoded) ** 2).sum(1).mean())
    assert errors == sorted(errors, reverse=True)


@pytest.mark.parametrize("metric", ["cosine", "l2"])
def test_recall_is_comparable_to_that_of_faiss_ivf_pq(metric: str) -> None:
    truth = nearest(DATA, ASKED, metric)
    data, asked = DATA.copy(), ASKED.copy()
    kind = faiss.METRIC_L2
    if metric == "cosine":
        faiss.normalize_L2(data)
        faiss.normalize_L2(asked)
        kind = faiss.METRIC_INNER_PRODUCT
    flat = faiss.IndexFlat(DIM, kind)
    theirs = faiss.IndexIVFPQ(flat, DIM, 20, 6, 8, kind)
    theirs.cp.min_points_per_centroid = 1
    theirs.train(data)
    theirs.add(data)
    theirs.nprobe = 5
    found = theirs.search(asked, K)[1]
    reached = np.mean([len(set(f) & set(t)) / K for f, t in zip(found.tolist(), truth.tolist())])

    ours = IVFPQIndex(DIM, 20, 6, metric)
    ours.add(names(), DATA)
    recalled = recall(lambda q: ours.search(q, K, n_probe=5), ASKED, truth)
    assert recalled > reached - 0.05
    refined = recall(lambda q: ours.search(q, K, n_probe=5, refine=5), ASKED, truth)
    assert refined > max(recalled, 0.9)
    assert ours.bytes()["codes"] == len(DATA) * 6


def test_scores_after_refining_are_exact() -> None:
    index = IVFPQIndex(DIM, 10, 6, "l2")
    index.add(names(), DATA)
    for id, score in index.search(ASKED[0], 5, n_probe=10, refine=4):
        row = DATA[int(id[1:])].astype(np.float64)
        assert score == pytest.approx(-((row - ASKED[0]) ** 2).sum())


def test_all_are_returned_when_k_is_the_size_and_deleted_ones_never() -> None:
    index = IVFPQIndex(DIM, 4, 6, n_centroids=8)
    index.add(names(50), DATA[:50])
    assert len(index.search(DATA[0], 1000)) == 50
    index.delete("v0")
    assert "v0" not in {id for id, _ in index.search(DATA[0], 50)}
    allowed = np.zeros(50, bool)
    allowed[[0, 3, 4]] = True
    assert {id for id, _ in index.search(DATA[0], 5, n_probe=4, allowed=allowed)} == {"v3", "v4"}


def test_wrong_settings() -> None:
    with pytest.raises(ValueError, match="n_parts is 5; it must divide dim, which is 24"):
        ProductQuantizer(24, 5)
    with pytest.raises(ValueError, match="n_centroids is 300"):
        ProductQuantizer(24, 6, n_centroids=300)
    with pytest.raises(ValueError, match=r"call train\(\) first"):
        ProductQuantizer(24, 6).encode(DATA)
    with pytest.raises(ValueError, match="100 vectors cannot train the index; give 256 or more"):
        IVFPQIndex(DIM, 4, 6).add(names(100), DATA[:100])
