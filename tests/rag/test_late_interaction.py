"""MaxSim against a loop, and token vectors."""

import numpy as np
import pytest

from handtorch.rag.late_interaction import MaxSimScorer, TokenEncoder, max_sim, max_sim_many


def loop(query: np.ndarray, passage: np.ndarray) -> float:
    """The definition, one number at a time."""
    total = 0.0
    for q in query:
        total += max(sum(a * b for a, b in zip(q, p)) for p in passage)
    return total


def test_max_sim_equals_the_loop() -> None:
    chance = np.random.default_rng(0)
    for m, n in ((1, 1), (3, 7), (6, 2)):
        query, passage = chance.normal(size=(m, 5)), chance.normal(size=(n, 5))
        assert max_sim(query, passage) == pytest.approx(loop(query, passage), abs=1e-12)


def test_max_sim_by_hand() -> None:
    """(1, 0) finds (0.6, 0.8) at 0.6; (0, 1) finds the same at 0.8; weighted 2 and 1: 2.0."""
    query, passage = np.eye(2), np.array([[0.6, 0.8], [-1.0, 0.0]])
    assert max_sim(query, passage) == pytest.approx(1.4)
    assert max_sim(query, passage, np.array([2.0, 1.0])) == pytest.approx(2.0)
    assert max_sim(passage, query) == pytest.approx(0.8 + 0.0)  # not symmetric


def test_many_passages_at_once() -> None:
    chance = np.random.default_rng(1)
    query, tokens = chance.normal(size=(4, 6)), chance.normal(size=(10, 6))
    want = [loop(query, tokens[a:b]) for a, b in ((0, 3), (3, 4), (4, 10))]
    assert max_sim_many(query, tokens, [0, 3, 4]) == pytest.approx(want, abs=1e-12)


@pytest.mark.parametrize("starts", [[], [1, 2], [0, 2, 2], [0, 3]])
def test_bad_starts_are_refused(starts: list[int]) -> None:
    with pytest.raises(ValueError, match="starts"):
        max_sim_many(np.zeros((1, 2)), np.zeros((3, 2)), starts)


def test_edges() -> None:
    assert max_sim(np.zeros((0, 2)), np.ones((3, 2))) == 0
    assert max_sim(np.ones((3, 2)), np.zeros((0, 0))) == 0
    with pytest.raises(ValueError, match="size 3"):
        max_sim(np.ones((1, 2)), np.ones((1, 3)))
    with pytest.raises(ValueError, match="NaN"):
        max_sim(np.ones((1, 2)), np.full((1, 2), np.nan))


def test_token_vectors() -> None:
    known = {"red": [3.0, 0.0], "blue": [0.0, 2.0]}
    asked: list[str] = []

    def encode(texts: list[str]) -> np.ndarray:
        asked.extend(texts)
        return np.array([known.get(text, [0.0, 0.0]) for text in texts])

    tokens = TokenEncoder(encode)
    assert tokens("red blue red").tolist() == [[1, 0], [0, 1], [1, 0]]
    assert tokens("blue unknown").tolist() == [[0, 1]]  # what has no vector is left out
    assert asked == ["red", "blue", "unknown"]  # each word once
    assert tokens("unknown").shape == (0, 0)
    with pytest.raises(ValueError, match="context"):
        TokenEncoder(encode, context=-1)


def test_context_mixes_in_the_neighbors() -> None:
    """red (1, 0) with blue (0, 1) after it: (1, 0) + 1 * (0, 1) / 2, made length one."""
    tokens = TokenEncoder(lambda texts: np.array([[t == "red", t == "blue"] for t in texts]), 1.0)
    assert tokens("red blue")[0] == pytest.approx(np.array([1, 0.5]) / 1.25**0.5)


def test_scorer() -> None:
    """red finds itself (1) in both; blue finds itself only in the first; unknown has no vector."""
    vectors = {"red": [1.0, 0.0], "blue": [0.0, 1.0]}

    def encode(texts: list[str]) -> np.ndarray:
        return np.array([vectors.get(text, [0.0, 0.0]) for text in texts])

    plain = MaxSimScorer(encode, encode, None)
    assert plain.scores("unknown red blue", ["blue red", "red", "", "unknown"]) == [2, 1, 0, 0]
    rare = MaxSimScorer(encode, encode, {"red": 1.0, "blue": 3.0}.__getitem__)
    assert rare.scores("unknown red blue", ["blue red", "red"]) == [4, 1]
    assert plain.scores("unknown", ["red"]) == [0]
