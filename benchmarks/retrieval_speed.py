"""Keyword and dense search beside the libraries, timed in turns on one core.

    OMP_NUM_THREADS=1 python benchmarks/retrieval_speed.py [--documents 100000] [--rounds 3]

BM25 is timed beside rank_bm25 and bm25s (its numpy backend), from the same texts, which all split
at blanks; exact dense search beside faiss.IndexFlatIP. Documents are synthetic: words by Zipf's
law, and random vectors of length 1. Contenders take turns and the median of their CPU times
counts, so that other work on the machine disturbs them alike. Answers are compared before anything
is timed. Writes `benchmarks/results/retrieval_speed.json`.

`take_turns` and `random_vectors` serve the benchmark of approximate search as well.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy is imported

import argparse
import gc
import json
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

import bm25s
import faiss
import numpy as np
import rank_bm25
from _machine import describe_machine

from handtorch.rag.bm25 import BM25
from handtorch.rag.dense import DenseIndex, normalize

VOCABULARY, MEAN_LENGTH, QUERY_LENGTH = 100_000, 80, 6
DIMENSIONS, K = 128, 10
RESULTS = Path(__file__).parent / "results" / "retrieval_speed.json"
Row = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description="Time BM25 and dense search beside libraries.")
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    faiss.omp_set_num_threads(1)
    rows = [
        *keyword_rows(arguments.documents, arguments.rounds),
        *dense_rows(arguments.documents, arguments.rounds),
    ]
    results = {
        "machine": describe_machine("numpy", "bm25s", "rank_bm25", "faiss-cpu", threads=1),
        "documents": arguments.documents,
        "rounds": arguments.rounds,
        "rows": rows,
    }
    arguments.output.parent.mkdir(exist_ok=True)
    arguments.output.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def keyword_rows(n: int, rounds: int) -> list[Row]:
    """Building an index of n texts, and searching it."""
    texts, queries = synthetic_texts(n, 50)
    build: dict[str, Callable[[], Any]] = {
        "ours": lambda: BM25(dict(zip(map(str, range(n)), texts)), tokenize=str.split),
        "rank_bm25": lambda: rank_bm25.BM25Okapi([text.split() for text in texts]),
        "bm25s": lambda: bm25s_index(texts),
    }
    indexing = row("BM25, build the index", take_turns(build, rounds))
    ours, rank, fast = (build[name]() for name in ("ours", "rank_bm25", "bm25s"))
    tokens = [query.split() for query in queries]
    few = 5  # rank_bm25 walks through all documents for each term
    search: dict[str, Callable[[], Any]] = {
        "ours": lambda: [ours.search(query, K) for query in queries],
        "bm25s": lambda: fast.retrieve(tokens, k=K, show_progress=False, n_threads=0),
        "rank_bm25": lambda: [np.argsort(rank.get_scores(q))[::-1][:K] for q in tokens[:few]],
    }
    found = [[int(id) for id, _ in ranking] for ranking in search["ours"]()]
    same = np.mean([len({*a} & {*b}) / K for a, b in zip(found, search["bm25s"]()[0].tolist())])
    seconds = take_turns(search, rounds)
    per_query = {
        name: value / (few if name == "rank_bm25" else len(queries))
        for name, value in seconds.items()
    }
    return [indexing, row("BM25, one query", per_query) | {"same as bm25s": round(float(same), 3)}]


def dense_rows(n: int, rounds: int) -> list[Row]:
    """Exact search over n vectors, query by query and in one batch."""
    vectors, queries = random_vectors(n, DIMENSIONS, 0), random_vectors(256, DIMENSIONS, 1)
    flat = faiss.IndexFlatIP(DIMENSIONS)
    flat.add(vectors)
    ours = DenseIndex(list(map(str, range(n))), vectors)
    same = float((ours.nearest(queries, K)[0] == flat.search(queries, K)[1]).mean())
    few = queries[:64]
    single: dict[str, Callable[[], Any]] = {
        "ours": lambda: [ours.search(query, K) for query in few],
        "faiss": lambda: [flat.search(query[None], K) for query in few],
    }
    batch: dict[str, Callable[[], Any]] = {
        "ours": lambda: ours.search_batch(queries, K),
        "faiss": lambda: flat.search(queries, K),
    }
    return [
        row(name, {who: value / len(asked) for who, value in seconds.items()})
        | {"same as faiss": round(same, 4)}
        for name, asked, seconds in (
            ("dense, one query", few, take_turns(single, rounds)),
            ("dense, one of a batch of 256", queries, take_turns(batch, rounds)),
        )
    ]


def bm25s_index(texts: list[str]) -> bm25s.BM25:
    index = bm25s.BM25(k1=1.5, b=0.75, method="lucene", backend="numpy")
    index.index([text.split() for text in texts], show_progress=False)
    return index


def synthetic_texts(n: int, queries: int, seed: int = 0) -> tuple[list[str], list[str]]:
    """n texts of Poisson lengths whose words follow Zipf's law, and queries of the same words."""
    rng = np.random.default_rng(seed)
    p = 1 / np.arange(1, VOCABULARY + 1)
    lengths = [*rng.poisson(MEAN_LENGTH, n).tolist(), *[QUERY_LENGTH] * queries]
    drawn = rng.choice(VOCABULARY, size=sum(lengths), p=p / p.sum())
    words = [f"w{number}" for number in drawn.tolist()]
    ends = np.cumsum(lengths).tolist()
    texts = [" ".join(words[end - length : end]) for end, length in zip(ends, lengths)]
    return texts[:n], texts[n:]


def random_vectors(n: int, d: int, seed: int) -> np.ndarray:
    """(n, d) float32 vectors of length 1, in directions drawn uniformly."""
    return normalize(np.random.default_rng(seed).standard_normal((n, d), dtype=np.float32))


def take_turns(contenders: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Median CPU seconds of each contender over some rounds, after one to warm up."""
    seconds: defaultdict[str, list[float]] = defaultdict(list)
    for turn in range(rounds + 1):
        for name, contender in contenders.items():
            gc.collect()
            start = time.process_time()
            contender()
            if turn:
                seconds[name].append(time.process_time() - start)
    return {name: median(times) for name, times in seconds.items()}


def row(name: str, seconds: Mapping[str, float]) -> Row:
    """The seconds, and how many times as long as ours each of the others takes."""
    ratios = {
        f"{other} over ours": round(value / seconds["ours"], 2)
        for other, value in seconds.items()
        if other != "ours"
    }
    rounded = {who: float(f"{value:.4g}") for who, value in seconds.items()}
    result = {"what": name, "seconds": rounded, **ratios}
    print(result, flush=True)
    return result


if __name__ == "__main__":
    main()
