"""Approximate search on the CPU: recall against speed, ours beside hnswlib's and Faiss's.

    python benchmarks/ann_speed.py [--vectors 20000] [--dim 64] [--queries 200] [--rounds 3]

All indexes hold the same float32 vectors, points around centers that themselves lie in a space of
fewer dimensions, and get the same queries, one at a time and on one thread. The yardstick is exact
search by Faiss's flat index. Contenders take turns and the median of their CPU times counts, so
that other work on the machine disturbs them alike. Settings are swept, since neither a recall nor
a speed means anything alone. Our indexes are written in Python to be read; their times show what
the counts of comparisons on the page leave out. Writes `benchmarks/results/ann_speed.json`.
"""

import argparse
import gc
import json
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import faiss
import hnswlib
import numpy as np
from _machine import describe_machine

from handtorch.rag.dense import DenseIndex
from handtorch.rag.hnsw import HNSWIndex
from handtorch.rag.ivf import IVFIndex
from handtorch.rag.product_quantization import IVFPQIndex
from handtorch.rag.projection_trees import ProjectionForest

K, M, EF_CONSTRUCTION, PARTS, TREES = 10, 16, 100, 16, 20
EFS, PROBES, CANDIDATES = (10, 20, 40, 80, 160), (1, 2, 4, 8, 16, 32), (100, 400, 1600)
RESULTS = Path(__file__).parent / "results" / "ann_speed.json"
Row = dict[str, Any]
Search = Callable[[np.ndarray], list[int]]


def main() -> None:
    parser = argparse.ArgumentParser(description="Time approximate indexes beside exact search.")
    parser.add_argument("--vectors", type=int, default=20_000)
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    faiss.omp_set_num_threads(1)
    data, queries = make_data(arguments.vectors, arguments.dim, arguments.queries)
    builds, contenders = build_all(data)
    rows = measure(contenders, queries, arguments.rounds)
    for row in rows:
        print(line(row))
    results = {
        "machine": describe_machine("faiss-cpu", "hnswlib", "numpy", threads=1),
        "vectors": arguments.vectors,
        "dim": arguments.dim,
        "queries": arguments.queries,
        "k": K,
        "rounds": arguments.rounds,
        "build seconds": builds,
        "rows": rows,
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def make_data(n: int, dim: int, n_queries: int) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors in clusters whose centers span a quarter of the dimensions."""
    chance = np.random.default_rng(0)
    centers = chance.normal(size=(n // 100, dim // 4)) @ chance.normal(size=(dim // 4, dim))
    centers /= np.linalg.norm(centers, axis=1, keepdims=True)
    picked = centers[chance.integers(len(centers), size=n + n_queries)]
    points = (picked + 1.2 / dim**0.5 * chance.normal(size=picked.shape)).astype(np.float32)
    faiss.normalize_L2(points)
    return points[:n], points[n:]


def build_all(data: np.ndarray) -> tuple[dict[str, float], dict[tuple[str, str], Search]]:
    """CPU seconds to build each index, and a search for each index and setting."""
    builds: dict[str, float] = {}
    contenders: dict[tuple[str, str], Search] = {}
    for name, build in BUILDERS.items():
        start = time.process_time()
        index = build(data)
        builds[name] = round(time.process_time() - start, 2)
        print(f"built {name} in {builds[name]} s", flush=True)
        for setting, search in SETTINGS[name](index).items():
            contenders[name, setting] = search
    return builds, contenders


def names(data: np.ndarray) -> list[str]:
    return [str(i) for i in range(len(data))]


def faiss_flat(data: np.ndarray) -> Any:
    index = faiss.IndexFlatIP(data.shape[1])
    index.add(data)
    return index


def faiss_hnsw(data: np.ndarray) -> Any:
    index = faiss.IndexHNSWFlat(data.shape[1], M, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = EF_CONSTRUCTION
    index.add(data)
    return index


def faiss_lists(data: np.ndarray, kind: str) -> Any:
    lists = n_lists(data)
    index = faiss.index_factory(data.shape[1], kind.format(lists=lists), faiss.METRIC_INNER_PRODUCT)
    index.train(data)
    index.add(data)
    return index


def hnswlib_hnsw(data: np.ndarray) -> Any:
    index = hnswlib.Index("cosine", data.shape[1])
    index.init_index(len(data), M=M, ef_construction=EF_CONSTRUCTION, random_seed=0)
    index.set_num_threads(1)
    index.add_items(data)
    return index


def our_hnsw(data: np.ndarray) -> HNSWIndex:
    index = HNSWIndex(data.shape[1], M, EF_CONSTRUCTION)
    index.add_all(names(data), data)
    return index


def our_ivf(data: np.ndarray) -> IVFIndex:
    index = IVFIndex(data.shape[1], n_lists(data))
    index.add(names(data), data)
    return index


def our_ivf_pq(data: np.ndarray) -> IVFPQIndex:
    index = IVFPQIndex(data.shape[1], n_lists(data), PARTS)
    index.add(names(data), data)
    return index


def our_forest(data: np.ndarray) -> ProjectionForest:
    index = ProjectionForest(data.shape[1], TREES)
    index.add(names(data), data)
    index.build()
    return index


def n_lists(data: np.ndarray) -> int:
    return round(len(data) ** 0.5)


BUILDERS: dict[str, Callable[[np.ndarray], Any]] = {
    "flat, faiss": faiss_flat,
    "flat, ours": lambda data: DenseIndex(names(data), data),
    "hnsw, faiss": faiss_hnsw,
    "hnsw, hnswlib": hnswlib_hnsw,
    "hnsw, ours": our_hnsw,
    "ivf, faiss": lambda data: faiss_lists(data, "IVF{lists},Flat"),
    "ivf, ours": our_ivf,
    "ivf-pq, faiss": lambda data: faiss_lists(data, f"IVF{{lists}},PQ{PARTS}np"),
    "ivf-pq, ours": our_ivf_pq,
    "forest, ours": our_forest,
}


def by_faiss(index: Any, parameters: Any = None) -> Search:
    def search(query: np.ndarray) -> list[int]:
        found: list[int] = index.search(query[None], K, params=parameters)[1][0].tolist()
        return found

    return search


def by_hnswlib(index: Any, ef: int) -> Search:
    def search(query: np.ndarray) -> list[int]:
        index.set_ef(ef)
        found: list[int] = index.knn_query(query, K)[0][0].tolist()
        return found

    return search


def by_ours(index: Any, **options: int) -> Search:
    return lambda query: [int(id) for id, _ in index.search(query, K, **options)]


def faiss_probes(index: Any) -> dict[str, Search]:
    return {f"n_probe={p}": by_faiss(index, faiss.SearchParametersIVF(nprobe=p)) for p in PROBES}


SETTINGS: dict[str, Callable[[Any], dict[str, Search]]] = {
    "flat, faiss": lambda index: {"exact": by_faiss(index)},
    "flat, ours": lambda index: {"exact": by_ours(index)},
    "hnsw, faiss": lambda index: {
        f"ef={ef}": by_faiss(index, faiss.SearchParametersHNSW(efSearch=ef)) for ef in EFS
    },
    "hnsw, hnswlib": lambda index: {f"ef={ef}": by_hnswlib(index, ef) for ef in EFS},
    "hnsw, ours": lambda index: {f"ef={ef}": by_ours(index, ef=ef) for ef in EFS},
    "ivf, faiss": faiss_probes,
    "ivf, ours": lambda index: {f"n_probe={p}": by_ours(index, n_probe=p) for p in PROBES},
    "ivf-pq, faiss": faiss_probes,
    "ivf-pq, ours": lambda index: {f"n_probe={p}": by_ours(index, n_probe=p) for p in PROBES},
    "forest, ours": lambda index: {f"search_k={s}": by_ours(index, search_k=s) for s in CANDIDATES},
}


def measure(
    contenders: dict[tuple[str, str], Search], queries: np.ndarray, rounds: int
) -> list[Row]:
    """Recall@10, queries per second, and the speed relative to Faiss's exact search."""
    exact = contenders["flat, faiss", "exact"]
    truth = [set(exact(query)) for query in queries]
    found: dict[tuple[str, str], list[list[int]]] = {}
    seconds: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for turn in range(rounds + 1):
        for key, search in contenders.items():
            gc.collect()
            start = time.process_time()
            found[key] = [search(query) for query in queries]
            if turn:  # the first one only warms up
                seconds[key].append(time.process_time() - start)
    base = median(seconds["flat, faiss", "exact"])
    return [
        {
            "index": name,
            "setting": setting,
            "recall@10": round(
                sum(len(right & set(f)) for right, f in zip(truth, found[name, setting]))
                / (K * len(queries)),
                4,
            ),
            "queries per second": round(len(queries) / median(times), 1),
            "speed over exact": round(base / median(times), 3),
        }
        for (name, setting), times in seconds.items()
    ]


def line(row: Row) -> str:
    speed = f"{row['queries per second']:9.0f} queries/s {row['speed over exact']:7.2f} x exact"
    return f"{row['index']:14} {row['setting']:13} recall {row['recall@10']:.3f} {speed}"


if __name__ == "__main__":
    main()
