"""Training and encoding with byte-level BPE, timed beside `tokenizers` and `tiktoken`.

    python benchmarks/tokenizer_speed.py [--megabytes 10] [--rounds 5]

Everything runs on the same text, the source of this Python's standard library, with one thread
for all. Contenders take turns and the median of their CPU times counts, so that other work on the
machine disturbs them alike; only several processes are timed by the clock on the wall. Counting
all pairs anew for each merge would take hours: single merges are timed at five stages and the
rest is extrapolated, which the table says. Writes `benchmarks/results/tokenizer_speed.json`.
"""

import os

os.environ["RAYON_NUM_THREADS"] = "1"  # both are read when `tokenizers` is loaded
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import argparse
import gc
import json
import time
import tracemalloc
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from heapq import heappop, heappush
from itertools import chain, islice, pairwise
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from _machine import describe_machine

from handtorch import corpora
from handtorch.tokenizer.batching import encode_batch
from handtorch.tokenizer.bpe import merge_pair, pair_counts
from handtorch.tokenizer.bpe_fast import learn_merges
from handtorch.tokenizer.byte_bpe import GPT2_BYTE_ORDER, ByteLevelBPE, bytes_to_unicode
from handtorch.tokenizer.pretokenize import GPT2_PATTERN_SOURCE, chunks, count_words, split_gpt2

VOCAB_SIZE = 8000
RESULTS = Path(__file__).parent / "results" / "tokenizer_speed.json"
Row = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description="Time byte-level BPE beside the libraries.")
    parser.add_argument("--megabytes", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    text = corpora.all_sources(round(arguments.megabytes * 1e6))
    tokenizer = ByteLevelBPE.train([text], VOCAB_SIZE, GPT2_BYTE_ORDER)
    results = {
        "machine": describe_machine("tokenizers", "tiktoken"),
        "text": describe_text(text),
        "training": time_training(text, tokenizer, arguments.rounds),
        "ladder": time_ladder(text, tokenizer),
        "encoding": time_encoding(text, tokenizer, arguments.rounds),
        "batches": time_batches(text, tokenizer, arguments.rounds),
        "memory": measure_memory(text),
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    report(results)


# --- training -----------------------------------------------------------------------------------


def time_training(text: str, tokenizer: ByteLevelBPE, rounds: int) -> Row:
    contenders: dict[str, Callable[[], Any]] = {
        "handtorch": lambda: ByteLevelBPE.train([text], VOCAB_SIZE, GPT2_BYTE_ORDER),
        "tokenizers, text in pieces": lambda: train_tokenizers(chunks(text)),
        "tokenizers, text in one string": lambda: train_tokenizers([text]),
        # With a single merge, cutting the text and counting words and pairs is all that is left.
        "handtorch, one merge": lambda: ByteLevelBPE.train([text], 257, GPT2_BYTE_ORDER),
        "tokenizers, one merge": lambda: train_tokenizers(chunks(text), 257),
    }
    seconds, last = take_turns(contenders, rounds)
    found = json.loads(last["tokenizers, text in pieces"].to_str())["model"]["merges"]
    # The library is at its best with the text in pieces, so that is what we compare with.
    best = min(seconds["tokenizers, text in pieces"], seconds["tokenizers, text in one string"])
    return {
        "seconds": seconds,
        "same merges": [tuple(pair) for pair in found] == shown_merges(tokenizer),
        "time over tokenizers": round(seconds["handtorch"] / best, 2),
    }


def time_ladder(text: str, tokenizer: ByteLevelBPE) -> list[Row]:
    """From the plain loop to the fast one: what each thing buys, counting the words apart."""
    start = time.process_time()
    word_counts = count_words(chunks(text), split_gpt2)
    counting = time.process_time() - start
    whole, distinct = extrapolate(word_counts, tokenizer)
    rows: list[Row] = [
        {"step": "cut the text and count its words", "seconds": round(counting, 2)},
        {"step": "count all pairs of the text for each merge", "seconds": round(whole)},
        {"step": "count all pairs of the distinct words", "seconds": round(distinct)},
    ]
    rows[1]["extrapolated"] = rows[2]["extrapolated"] = True
    steps: dict[str, Callable[[], list[tuple[bytes, bytes]]]] = {
        "recount only words that hold the pair": lambda: train_by_words(word_counts, Scan),
        "take the best pair from a heap": lambda: train_by_words(word_counts, Heap),
        "visit only the places; pairs are integers": lambda: train_by_places(word_counts),
    }
    for name, train in steps.items():
        start = time.process_time()
        merges = train()
        seconds = round(time.process_time() - start, 2)
        rows.append({"step": name, "seconds": seconds, "same merges": merges == tokenizer.merges})
    return rows


def extrapolate(word_counts: Mapping[str, int], tokenizer: ByteLevelBPE) -> tuple[float, float]:
    """CPU seconds of the plain loop on the whole text and on the distinct words.

    Words shrink as merges are made, so a late merge costs less than an early one: one is timed at
    each of five stages, and the trapezoid rule gives the sum. On the whole text the same loop
    would go through each word as often as it occurs.
    """
    last = len(tokenizer.merges) - 1
    stages = sorted({0, min(250, last), min(1000, last), min(3000, last), last})
    costs = []
    for stage in stages:
        early = ByteLevelBPE(tokenizer.merges[:stage], GPT2_BYTE_ORDER)
        words: dict[Any, int] = {
            tuple(early.vocab[i] for i in early.encode_piece(word)): count
            for word, count in word_counts.items()
        }
        start = time.process_time()
        counts: Mapping[Any, int] = pair_counts(words)
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        for symbols in words:
            merge_pair(symbols, best)
        seconds = time.process_time() - start
        repeats = sum(n * len(word) for word, n in words.items()) / sum(map(len, words))
        costs.append((seconds * repeats, seconds))
    whole, distinct = (
        sum((b - a) * (s + t) / 2 for (a, b), (s, t) in zip(pairwise(stages), pairwise(column)))
        for column in zip(*costs)
    )
    return whole, distinct


class Scan:
    """The search for the best pair in the usual incremental trainer: look at every count."""

    def __init__(self, counts: Mapping[Any, int], ids: Mapping[bytes, int]) -> None:
        self.counts, self.ids = counts, ids

    def push(self, pairs: Iterable[Any]) -> None:
        pass

    def pop(self) -> Any:
        most = max(self.counts.values())
        ties = (pair for pair, count in self.counts.items() if count == most)
        return min(ties, key=lambda pair: (self.ids[pair[0]], self.ids[pair[1]]))


class Heap(Scan):
    """The same search with a heap, whose entries may be out of date."""

    def __init__(self, counts: Mapping[Any, int], ids: Mapping[bytes, int]) -> None:
        super().__init__(counts, ids)
        self.heap: list[Any] = []
        self.push(counts)

    def push(self, pairs: Iterable[Any]) -> None:
        for a, b in pairs:
            heappush(self.heap, (-self.counts[a, b], self.ids[a], self.ids[b], (a, b)))

    def pop(self) -> Any:
        while True:
            negative, _, _, pair = heappop(self.heap)
            if self.counts[pair] == -negative:
                return pair
            self.push([pair])


def train_by_words(word_counts: Mapping[str, int], search: type[Scan]) -> list[Any]:
    """The usual incremental trainer: an index from pairs to the words that hold them."""
    ids = {bytes([byte]): i for i, byte in enumerate(GPT2_BYTE_ORDER)}
    words: list[Any] = [tuple(bytes([byte]) for byte in word.encode()) for word in word_counts]
    weights = list(word_counts.values())
    counts: defaultdict[Any, int] = defaultdict(int)
    holders: defaultdict[Any, set[int]] = defaultdict(set)
    for i, word in enumerate(words):
        for pair in pairwise(word):
            counts[pair] += weights[i]
            holders[pair].add(i)
    best = search(counts, ids)
    merges = []
    while len(ids) < VOCAB_SIZE:
        merges.append(top := best.pop())
        ids[top[0] + top[1]] = len(ids)
        grown = set()
        for i in holders.pop(top):
            merged = merge_pair(words[i], top)
            for pair in pairwise(words[i]):
                counts[pair] -= weights[i]
            for pair in pairwise(merged):
                counts[pair] += weights[i]
                holders[pair].add(i)
                grown.add(pair)
            words[i] = merged
        best.push(grown)
    return merges


def train_by_places(word_counts: Mapping[str, int]) -> list[Any]:
    """The trainer of `bpe_fast`: an index from pairs to places."""
    to_id = bytes(GPT2_BYTE_ORDER.index(byte) for byte in range(256))
    words = [word.encode().translate(to_id) for word in word_counts]
    symbols = [bytes([byte]) for byte in GPT2_BYTE_ORDER]
    pairs = learn_merges(words, list(word_counts.values()), symbols, ties="ids")
    return [(symbols[a], symbols[b]) for a, b in islice(pairs, VOCAB_SIZE - 256)]


# --- encoding -----------------------------------------------------------------------------------


def time_encoding(text: str, tokenizer: ByteLevelBPE, rounds: int) -> Row:
    import tiktoken
    from tokenizers import Tokenizer, models, pre_tokenizers

    ranks = {token: i for i, token in enumerate(tokenizer.vocab)}
    engine = tiktoken.Encoding(
        "own", pat_str=GPT2_PATTERN_SOURCE, mergeable_ranks=ranks, special_tokens={}
    )
    vocab = {shown(token): i for token, i in ranks.items()}
    theirs = Tokenizer(models.BPE(vocab=vocab, merges=shown_merges(tokenizer)))
    theirs.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    full = ByteLevelBPE(tokenizer.merges, GPT2_BYTE_ORDER)
    full.encode(text)
    empty = [ByteLevelBPE(tokenizer.merges, GPT2_BYTE_ORDER) for _ in range(rounds)]
    parts = list(chunks(text))

    def encode_without_cache() -> list[int]:
        pieces = chain.from_iterable(map(split_gpt2, parts))
        return list(chain.from_iterable(map(tokenizer.encode_piece, pieces)))

    contenders: dict[str, Callable[[], list[int]]] = {
        "handtorch, cache empty at first": lambda: empty.pop().encode(text),
        "tiktoken": lambda: engine.encode_ordinary(text),
        "handtorch, cache full": lambda: full.encode(text),
        "handtorch, without a cache": encode_without_cache,
        "tokenizers": lambda: [i for part in parts for i in theirs.encode(part).ids],
    }
    seconds, ids = take_turns(contenders, rounds)
    size = len(text.encode()) / 1e6
    ours = seconds["handtorch, cache empty at first"]
    return {
        "megabytes per second": {name: round(size / s, 2) for name, s in seconds.items()},
        "same ids": all(found == ids["tiktoken"] for found in ids.values()),
        "rate over tiktoken": round(seconds["tiktoken"] / ours, 2),
    }


def time_batches(text: str, tokenizer: ByteLevelBPE, rounds: int) -> Row:
    """256 texts in one process and in two: from a cold start, and with workers that are warm."""
    texts = list(chunks(text, len(text) // 256))
    walls: defaultdict[str, list[float]] = defaultdict(list)

    def clock(name: str, run: Callable[[], Any]) -> None:
        start = time.perf_counter()
        run()
        walls[name].append(time.perf_counter() - start)

    pool = ProcessPoolExecutor(2, get_context("spawn"), _adopt, (tokenizer,))
    halves = [texts[i::8] for i in range(8)]  # four tasks a worker
    tokenizer.encode(text)
    _adopt(tokenizer)
    with pool:
        for _ in range(3):  # fills the caches of both
            list(pool.map(_encode_all, halves))
        for _ in range(rounds):
            clock("1 process", lambda: list(map(_encode_all, halves)))
            clock("2 processes", lambda: list(pool.map(_encode_all, halves)))
    for _ in range(rounds):
        for workers in (1, 2):
            fresh = ByteLevelBPE(tokenizer.merges, GPT2_BYTE_ORDER)
            name = f"{workers} process{'es' * (workers > 1)}, started anew"
            clock(name, lambda: encode_batch(fresh, texts, pad_id=0, workers=workers))  # noqa: B023
    seconds = {name: round(median(times), 2) for name, times in walls.items()}
    return {
        "seconds by the wall clock": seconds,
        "speedup of 2 processes": round(seconds["1 process"] / seconds["2 processes"], 2),
        "speedup, processes started anew": round(
            seconds["1 process, started anew"] / seconds["2 processes, started anew"], 2
        ),
        "load average": round(os.getloadavg()[0], 1),
    }


_adopted: ByteLevelBPE


def _adopt(tokenizer: ByteLevelBPE) -> None:
    global _adopted
    _adopted = tokenizer


def _encode_all(texts: list[str]) -> list[Any]:
    return [np.array(_adopted.encode(text), dtype=np.uint32) for text in texts]


# --- memory -------------------------------------------------------------------------------------


def measure_memory(text: str) -> list[Row]:
    """Peak of Python's allocations while training: more copies of a text, then more text."""
    quarter, half = text[: len(text) // 4], text[: len(text) // 2]
    cases = [(quarter, 1), (quarter, 2), (quarter, 4), (half, 1), (text, 1)]
    rows = []
    for source, copies in cases:
        pieces = chain.from_iterable(chunks(source) for _ in range(copies))
        tracemalloc.start()
        ByteLevelBPE.train(pieces, VOCAB_SIZE, GPT2_BYTE_ORDER)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        rows.append(
            {
                "megabytes of text": round(len(source.encode()) / 1e6, 2),
                "copies": copies,
                "distinct words": len(count_words(chunks(source), split_gpt2)),
                "peak megabytes": round(peak / 1e6, 1),
            }
        )
    return rows


# --- common -------------------------------------------------------------------------------------


def take_turns(
    contenders: Mapping[str, Callable[[], Any]], rounds: int
) -> tuple[dict[str, float], dict[str, Any]]:
    """Median CPU seconds of each contender, and what it returned."""
    seconds: defaultdict[str, list[float]] = defaultdict(list)
    returned = {}
    for _ in range(rounds):
        for name, run in contenders.items():
            gc.collect()  # what the last one left behind is not this one's to clear away
            start = time.process_time()
            returned[name] = run()
            seconds[name].append(time.process_time() - start)
    return {name: round(median(seconds[name]), 3) for name in contenders}, returned


def train_tokenizers(texts: Iterable[str], vocab_size: int = VOCAB_SIZE) -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def shown(token: bytes, characters: Mapping[int, str] = bytes_to_unicode()) -> str:
    return "".join(characters[byte] for byte in token)


def shown_merges(tokenizer: ByteLevelBPE) -> list[tuple[str, str]]:
    return [(shown(a), shown(b)) for a, b in tokenizer.merges]


def describe_text(text: str) -> Row:
    counts = count_words(chunks(text), split_gpt2)
    return {
        "megabytes": round(len(text.encode()) / 1e6, 2),
        "words": sum(counts.values()),
        "distinct words": len(counts),
        "vocabulary": VOCAB_SIZE,
    }


def report(results: Mapping[str, Any]) -> None:
    """Print the results, a line for each number."""
    for name, section in results.items():
        print(f"\n{name}")
        if isinstance(section, Mapping):
            for key, value in section.items():
                if isinstance(value, Mapping):
                    print(f"  {key}")
                    for inner, number in value.items():
                        print(f"    {inner:<36}{number:>12}")
                else:
                    print(f"  {key:<38}{value!s:>12}")
        else:
            for row in section:
                print("  " + ", ".join(f"{key}: {value}" for key, value in row.items()))


if __name__ == "__main__":
    main()
