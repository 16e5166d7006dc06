"""Beta posteriors against scipy, and the updates by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from handtorch.rag.credibility import Beta, Credibility

positive = st.floats(0.05, 500)


@settings(deadline=None, max_examples=150)
@given(positive, positive, st.floats(0, 1))
def test_cdf_is_that_of_scipy(a, b, x):
    assert Beta(a, b).cdf(x) == pytest.approx(stats.beta.cdf(x, a, b), abs=1e-9)


@settings(deadline=None, max_examples=60)
@given(st.floats(0.5, 200), st.floats(0.5, 200))
def test_mean_and_interval_are_those_of_scipy(a, b):
    belief = Beta(a, b)
    assert belief.mean == pytest.approx(stats.beta.mean(a, b))
    assert belief.interval(0.9) == pytest.approx(stats.beta.interval(0.9, a, b), abs=1e-9)


def test_updates_by_hand():
    credibility = Credibility(Beta(4, 1))
    for held in (True, False, False):
        credibility.record("d", held)
    assert credibility.belief("d") == Beta(5, 3)
    assert credibility.belief("d").mean == 5 / 8
    assert credibility.belief("never seen") == Beta(4, 1)
    fading = Credibility(Beta(1, 1), fade=0.5)
    for held in (True, True, False):  # counts (1, 0), (1.5, 0), (0.75, 1)
        fading.record("d", held)
    assert fading.belief("d") == Beta(1.75, 2)
    weak = Credibility(Beta(1, 1))
    weak.record("d", True, weight=0.25)
    assert weak.belief("d") == Beta(1.25, 1)


def test_reranking():
    credibility = Credibility(Beta(1, 1))
    for _ in range(8):
        credibility.record("bad", held=False)
    of = {"bad#1": "bad", "new#1": "new"}
    ranking = [("bad#1", 1.0), ("new#1", 0.6)]
    assert credibility.rerank(ranking, of) == [("new#1", 0.6 * 0.5), ("bad#1", 0.1)]
    assert credibility.rerank(ranking, of, strength=0) == ranking
    assert credibility.rerank([], {}) == []


def test_thompson_shows_the_unknown_now_and_then():
    """The known document has mean 0.8; the new one, Beta(1, 1), is drawn above it 1 in 5 times."""
    credibility = Credibility(Beta(1, 1))
    for i in range(998):
        credibility.record("known", held=i % 5 != 0)
    of = {"k": "known", "n": "new"}
    generator = np.random.default_rng(0)
    first = [
        credibility.thompson([("k", 1.0), ("n", 1.0)], of, generator)[0][0] for _ in range(500)
    ]
    assert 0.15 < first.count("n") / 500 < 0.26
    assert credibility.rerank([("k", 1.0), ("n", 1.0)], of)[0][0] == "k"


def test_bad_arguments():
    with pytest.raises(ValueError, match="a is 0"):
        Beta(0, 1)
    with pytest.raises(ValueError, match="p is 2"):
        Beta(1, 1).quantile(2)
    with pytest.raises(ValueError, match="fade is 0"):
        Credibility(fade=0)
    with pytest.raises(ValueError, match="weight is -1"):
        Credibility().record("d", True, weight=-1)
    with pytest.raises(ValueError, match="score of 'a' is -1"):
        Credibility().rerank([("a", -1.0)], {"a": "a"})
