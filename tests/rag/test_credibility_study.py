"""The simulation: bounds that hold by construction, and determinism."""

import pytest

from handtorch.rag.credibility_study import share_right

SOURCES = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4]


def test_relevance_alone_gives_the_mean_reliability():
    shares = share_right(SOURCES, "relevance", rounds=200, repeats=100)
    assert shares == pytest.approx([sum(SOURCES) / 6] * 5, abs=0.03)


def test_learning_lies_between_ignorance_and_knowledge():
    last = {
        policy: share_right(SOURCES, policy, rounds=200, repeats=30)[-1]
        for policy in ("relevance", "mean", "thompson", "known")
    }
    assert last["relevance"] < min(last["mean"], last["thompson"])
    assert max(last["mean"], last["thompson"]) < last["known"] + 0.02


def test_feedback_that_is_a_coin_teaches_nothing():
    blind = share_right(SOURCES, "thompson", rounds=200, repeats=30, noise=0.5)
    assert blind[-1] == pytest.approx(sum(SOURCES) / 6, abs=0.06)


def test_equal_sources_and_determinism():
    assert share_right([1.0, 1.0], "mean", rounds=10, repeats=2) == [1.0] * 5
    again = [share_right(SOURCES, "thompson", rounds=20, repeats=3) for _ in range(2)]
    assert again[0] == again[1]


def test_bad_arguments():
    with pytest.raises(ValueError, match="policy is 'best'"):
        share_right(SOURCES, "best", rounds=10)
    with pytest.raises(ValueError, match="rounds is 4"):
        share_right(SOURCES, "mean", rounds=4)
    with pytest.raises(ValueError, match="noise is 2"):
        share_right(SOURCES, "mean", rounds=10, noise=2)
