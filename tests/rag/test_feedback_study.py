"""The pieces of the experiment on small inputs."""

import numpy as np
import pytest

from handtorch.rag.bm25 import BM25
from handtorch.rag.documents import Document
from handtorch.rag.feedback_study import features_of, learn_weights, pool, weighted_search
from handtorch.rag.latent_semantic import LatentSemanticEncoder
from handtorch.rag.ngrams import NgramModel

TOPICS = {
    "oil": "engines burn oil and valves need oil to move",
    "salt": "salt melts snow and ice on the road in winter",
    "ink": "ink dries on paper and stains the fingers of a writer",
    "wind": "wind turns the mill and the mill grinds the corn",
}


def sections():
    """Each body stands in filler, so that it is a passage of more than 100 characters."""
    text = "# What of {0}?\n\n## Short answer\n\n{1}.\n\n## Full answer\n\nAs to {0}, {1}. {2}"
    filler = "There is more to say about it, and it will be said in due course, at some length."
    return [
        Document(f"p#{name}", f"What of {name}?", text.format(name, does, filler), {})
        for name, does in TOPICS.items()
    ]


def test_features_and_search():
    encoder = LatentSemanticEncoder.fit(list(TOPICS.values()), d=3)
    features = features_of(TOPICS, encoder)
    found = features("oil for valves")
    assert found.shape == (4, 3)
    assert found[:, 0] == pytest.approx(BM25(TOPICS).scores("oil for valves"))
    assert found[:, 2] == pytest.approx(np.log([len(text) for text in TOPICS.values()]))
    search = weighted_search(TOPICS, features, [1.0, 0.0, 0.0], np.ones(3))
    assert search("oil for valves", 1)[0][0] == "oil"
    assert search("mill", 9)[0][0] == "wind"


def test_pool_takes_from_both_in_turn():
    features = np.array([[3.0, 0.0], [2.0, 9.0], [1.0, 8.0], [0.0, 7.0]])
    assert pool(features, 3) == [0, 1, 2]
    assert pool(features, 99) == [0, 1, 2, 3]


def test_the_model_judges_without_being_told():
    encoder = LatentSemanticEncoder.fit(list(TOPICS.values()), d=3)
    model = NgramModel(["the cat sat on the mat ."] * 3)
    learned = learn_weights(sections(), encoder, model, size=4)
    assert learned.in_pool == 1 / 4
    assert learned.in_posterior > 0.6
    assert learned.weights.shape == learned.scale.shape == (3,)
    assert learned.weights[0] > 0


def test_bad_arguments():
    encoder = LatentSemanticEncoder.fit(list(TOPICS.values()), d=3)
    with pytest.raises(ValueError, match="size is 9"):
        learn_weights(sections(), encoder, NgramModel([]), size=9)
