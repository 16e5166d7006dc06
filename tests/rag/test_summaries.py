"""Summaries: similarity and centrality against scikit-learn and networkx, budgets, offsets."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from handtorch.rag.context import count_words
from handtorch.rag.summaries import (
    centrality,
    prose_sentences,
    similarity,
    summarize,
)

FRUIT = [
    "Apples are sweet fruit. Apples grow on large trees.",
    "Pears are sweet fruit too. Pears grow on trees as well.",
    "Sweet fruit grows on trees. Nobody knows the number of stars.",
]
CARS = ["An engine needs oil. Old engines burn oil.", "The engine of a car drives its wheels."]


def test_similarity_is_that_of_sklearn():
    texts = FRUIT + CARS + ["zebra"]
    wanted = TfidfVectorizer(token_pattern=r"\w+").fit_transform(texts)
    assert similarity(texts) == pytest.approx((wanted @ wanted.T).toarray())
    assert similarity(["", "apple"]).tolist() == [[0, 0], [0, pytest.approx(1)]]


def test_centrality_is_pagerank_of_networkx():
    similar = similarity(FRUIT + CARS)
    wanted = nx.pagerank(nx.from_numpy_array(similar), tol=1e-12, max_iter=1000)
    assert centrality(similar) == pytest.approx(list(wanted.values()), abs=1e-6)
    assert centrality(np.zeros((0, 0))).tolist() == []


def test_prose_only_and_offsets():
    text = (
        "# A heading of four words\n\nThe first sentence is here.\n\n```python\nx = 1  # no prose"
        " in here at all.\n```\n\nToo short. The second sentence $a_b$ is here.\n\n$$a = b + c + d"
        " + e$$\n\n| a table | has rows of | cells |\n- an item of a list\n"
    )
    found = [text[start:stop] for start, stop in prose_sentences(text)]
    assert found == ["The first sentence is here.", "The second sentence $a_b$ is here."]
    assert prose_sentences("") == []


def test_summary_takes_the_central_and_not_twice():
    found = summarize(FRUIT, 12)
    assert "stars" not in " ".join(excerpt.text for excerpt in found)
    for excerpt in found:
        assert FRUIT[excerpt.source][excerpt.start : excerpt.stop] == excerpt.text
    assert [e.source for e in found] == sorted(e.source for e in found)
    repeated = summarize([FRUIT[0]] * 3, 100)
    assert len({e.text for e in repeated}) == len(repeated)
    assert len(summarize([FRUIT[0]] * 3, 100, redundancy=2.0)) == 6
    assert summarize([], 10) == summarize(FRUIT, 0) == []


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from(FRUIT + CARS), max_size=6), st.integers(0, 60))
def test_summaries_keep_to_the_budget(texts, budget):
    assert sum(count_words(e.text) for e in summarize(texts, budget)) <= budget


def test_bad_arguments():
    with pytest.raises(ValueError, match="budget is -1"):
        summarize(FRUIT, -1)
