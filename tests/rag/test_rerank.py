"""Reranking and what else is done with candidates, against loops and cases worked by hand."""

import itertools
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handtorch.rag.rerank import (
    compress,
    drop_duplicates,
    ends_first,
    listwise_rerank,
    mmr,
    pairwise_rerank,
    remember,
    rerank,
    reranked,
)

TEXTS = {"a": "one", "b": "two two", "c": "three three three", "d": "two two"}
CANDIDATES = [("a", 9.0), ("b", 8.0), ("c", 7.0), ("d", 6.0)]


def by_length(query: str, passages: list[str]) -> list[int]:
    return [len(passage) for passage in passages]


def test_reranking_reorders_and_keeps_the_order_of_ties() -> None:
    assert rerank("q", CANDIDATES, TEXTS, by_length, 9) == [
        ("c", 17.0),
        ("b", 7.0),
        ("d", 7.0),
        ("a", 3.0),
    ]
    assert [key for key, _ in rerank("q", CANDIDATES, TEXTS, by_length, 2)] == ["c", "b"]
    assert rerank("q", [], TEXTS, by_length, 2) == []


def test_reranking_refuses() -> None:
    with pytest.raises(ValueError, match="top_n is 0"):
        rerank("q", CANDIDATES, TEXTS, by_length, 0)
    with pytest.raises(ValueError, match="texts has no 'z'"):
        rerank("q", [("z", 1.0)], TEXTS, by_length, 1)
    with pytest.raises(ValueError, match="NaN"):
        rerank("q", CANDIDATES, TEXTS, lambda q, p: [float("nan")] * len(p), 1)


def test_a_search_that_reranks_another() -> None:
    """Of the first 3 of 4, c is longest. With weight 0 the order is the first search's; with 1/2
    both count in deviations: BM25-like scores 9 8 7 are 1.22 0 -1.22, lengths 3 7 17 are
    -1.02 -0.34 1.36, the sums 0.20 -0.34 0.14."""

    def search(query: str, k: int) -> list[tuple[str, float]]:
        return CANDIDATES[:k]

    assert [key for key, _ in reranked(search, TEXTS, by_length, 3)("q", 9)] == ["c", "b", "a"]
    assert [key for key, _ in reranked(search, TEXTS, by_length, 3, 0.0)("q", 2)] == ["a", "b"]
    half = reranked(search, TEXTS, by_length, 3, 0.5)("q", 9)
    assert [key for key, _ in half] == ["a", "c", "b"]
    assert [score for _, score in half] == pytest.approx([0.103, 0.067, -0.17], abs=2e-3)
    assert reranked(lambda q, k: [], TEXTS, by_length)("q", 3) == []
    with pytest.raises(ValueError, match="weight is 2"):
        reranked(search, TEXTS, by_length, weight=2)
    with pytest.raises(ValueError, match="is 0"):
        reranked(search, TEXTS, by_length, depth=0)


def test_a_scorer_that_remembers() -> None:
    asked: list[str] = []

    def scorer(query: str, passages: list[str]) -> list[int]:
        asked.extend(passages)
        return by_length(query, passages)

    scores = remember(scorer)
    assert scores("q", ["b", "aa", "b"]) == [1, 2, 1]
    assert scores("q", ["aa", "ccc"]) == [2, 3]
    assert asked == ["b", "aa", "ccc"]
    assert scores("other", ["b"]) == [1]
    assert len(asked) == 4


def test_pairwise_sorts_with_a_sound_judge() -> None:
    items = [f"{i:03}" for i in range(40)]
    random.Random(0).shuffle(items)
    assert pairwise_rerank(items, lambda a, b: a < b) == sorted(items)


def test_pairwise_cancels_a_judge_who_always_takes_the_first() -> None:
    assert pairwise_rerank(["b", "c", "a"], lambda a, b: True) == ["b", "c", "a"]


def best_first(part: list[str]) -> list[int]:
    return sorted(range(len(part)), key=lambda i: part[i])


@pytest.mark.parametrize(("n", "window", "step"), [(30, 10, 5), (7, 4, 2), (5, 20, 10), (9, 3, 3)])
def test_one_listwise_pass_brings_the_best_to_the_front(n: int, window: int, step: int) -> None:
    items = [f"{i:03}" for i in reversed(range(n))]
    ranked = listwise_rerank(items, best_first, window, step)
    carried = n if n <= window else window - step
    assert ranked[:carried] == sorted(items)[:carried]
    assert sorted(ranked) == sorted(items)


def test_listwise_windows() -> None:
    seen: list[tuple[str, ...]] = []

    def order(part: list[str]) -> list[int]:
        seen.append(tuple(part))
        return list(range(len(part)))

    listwise_rerank(list("abcdefg"), order, window=4, step=2)
    assert seen == [tuple("defg"), tuple("bcde"), tuple("abc")]


def test_listwise_mends_a_bad_permutation() -> None:
    assert listwise_rerank(list("abcd"), lambda part: [2, 2, 9, -1], 4, 2) == list("cabd")
    assert listwise_rerank([], best_first) == []
    for step in (0, 5):
        with pytest.raises(ValueError, match=f"step is {step}"):
            listwise_rerank(list("ab"), best_first, 4, step)


def test_mmr_by_hand() -> None:
    """a and b point the same way. With 0.5: a first, 0.5 * 1.0; then b has 0.45 - 0.5 * 1 and c
    0.25 - 0, so c, whose value is 0.25, comes before b."""
    vectors = {"a": np.array([1.0, 0]), "b": np.array([2.0, 0]), "c": np.array([0, 3.0])}
    candidates = [("a", 1.0), ("b", 0.9), ("c", 0.5)]
    picked = mmr(candidates, vectors, 3, trade_off=0.5)
    assert [key for key, _ in picked] == ["a", "c", "b"]
    assert [value for _, value in picked] == pytest.approx([0.5, 0.25, -0.05])
    assert [key for key, _ in mmr(candidates, vectors, 2, trade_off=1.0)] == ["a", "b"]


def test_mmr_equals_a_loop() -> None:
    chance = np.random.default_rng(0)
    vectors = {str(i): chance.normal(size=4) for i in range(9)}
    candidates = [(key, float(chance.random())) for key in vectors]
    unit = {key: v / np.linalg.norm(v) for key, v in vectors.items()}
    left, chosen = dict(candidates), []
    while left:
        value = {
            key: 0.6 * s - 0.4 * max((unit[key] @ unit[c] for c in chosen), default=0.0)
            for key, s in left.items()
        }
        best = max(value, key=value.__getitem__)
        chosen.append(best)
        del left[best]
    assert [key for key, _ in mmr(candidates, vectors, 99, trade_off=0.6)] == chosen


def test_mmr_edges() -> None:
    assert mmr([], {}, 3) == []
    with pytest.raises(ValueError, match="n is 0"):
        mmr([], {}, 0)
    with pytest.raises(ValueError, match="trade_off is 2"):
        mmr([], {}, 1, trade_off=2)


def test_of_near_copies_the_better_ranked_stays() -> None:
    texts = {
        "a": "remove the whole tree of folders now",
        "b": "Remove the whole tree of folders, now!",
        "c": "copy the whole tree of folders now",
        "d": "",
        "e": " ",
    }
    ranking = [(key, 1.0) for key in "abcde"]
    assert [key for key, _ in drop_duplicates(ranking, texts)] == ["a", "c", "d"]
    assert [key for key, _ in drop_duplicates(ranking, texts, threshold=0.3)] == ["a", "d"]
    with pytest.raises(ValueError, match="threshold is 0"):
        drop_duplicates(ranking, texts, threshold=0)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 12))
def test_the_worst_stand_in_the_middle(n: int) -> None:
    ranks = [int(key) for key, _ in ends_first([(str(i), 0.0) for i in range(n)])]
    assert sorted(ranks) == list(range(n))
    distance = [min(place, n - 1 - place) for place in range(n)]
    for i, j in itertools.combinations(range(n), 2):
        if distance[i] < distance[j]:
            assert ranks[i] < ranks[j]


def test_ends_first_by_hand() -> None:
    order = ends_first([(key, 0.0) for key in "12345"])
    assert "".join(key for key, _ in order) == "13542"


def test_compression_keeps_the_sentences_that_matter_in_their_order() -> None:
    text = "Folders can be removed. Nothing to see. A tree is removed with rmtree. The end."
    rare = {"rmtree": 3.0, "removed": 1.0}
    kept = compress("rmtree removed", text, 2, lambda word: rare.get(word, 0.0))
    assert kept == "Folders can be removed. A tree is removed with rmtree."
    assert compress("rmtree", text, 9, lambda word: 1.0) == text
    with pytest.raises(ValueError, match="keep is 0"):
        compress("rmtree", text, 0, lambda word: 1.0)
