"""FLARE's loop with a scripted writer, Self-RAG's with real critics, the n-gram model by hand."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handtorch.rag.active import (
    Critics,
    confident,
    flare,
    masked_query,
    self_rag,
    unsure_spans,
)
from handtorch.rag.context import word_overlap
from handtorch.rag.documents import Chunk
from handtorch.rag.generation import ExtractiveAnswerer
from handtorch.rag.ngrams import NgramModel, tokens

DRAFT = [("Ada", 0.9), ("studied", 0.8), ("law", 0.1), ("in", 0.9), ("Rome", 0.2), ("today", 0.3)]


def test_confidence_and_queries():
    assert confident(DRAFT, 0.1)
    assert not confident(DRAFT, 0.11)
    assert confident(DRAFT, 0)
    assert confident([], 0.5)
    assert masked_query(DRAFT, 0.4) == "Ada studied in"
    assert unsure_spans(DRAFT, 0.4) == ["law", "Rome today"]
    assert unsure_spans(DRAFT, 0) == []


def scripted(question, so_far, passages):
    """Three sentences; only the second is uncertain, and right only with a passage at hand."""
    guess = [("born", 0.9), ("in", 0.9), ("1900", 0.05)]
    known = [("born", 0.9), ("in", 0.9), ("1815", 0.9)]
    script = [[("Ada", 0.3)], known if passages else guess, [("The", 0.9), ("end", 0.9)]]
    return script[len(so_far)] if len(so_far) < len(script) else []


def test_flare_retrieves_at_the_start_and_where_the_draft_is_unsure():
    asked = []

    def retrieve(query):
        asked.append(query)
        return ["born in 1815"]

    steps = flare("Who was Ada?", scripted, retrieve, theta=0.5, beta=0.4)
    assert [step.sentence for step in steps] == ["Ada", "born in 1815", "The end"]
    assert asked == ["Who was Ada?", "born in"]
    assert [step.query for step in steps] == ["Who was Ada?", "born in", ""]


@pytest.mark.parametrize(("theta", "searches"), [(0.0, 1), (0.5, 2), (1.1, 3)])
def test_flare_between_never_and_always(theta, searches):
    asked = []
    steps = flare("q", scripted, lambda query: asked.append(query) or [], theta=theta, beta=0)
    assert len(asked) == searches
    assert steps[1].sentence == "born in 1900"


def test_flare_edges():
    assert flare("q", lambda *a: [], lambda q: [], theta=0.5, beta=0.5) == []
    assert len(flare("q", lambda *a: [("x", 1.0)], lambda q: [], theta=0.5, beta=0, limit=4)) == 4
    masked = []

    def search(query):
        masked.append(query)
        return []

    unsure = [("a", 0.1)]
    flare("q", lambda q, s, p: unsure if len(s) < 2 else [], search, theta=1, beta=1)
    assert masked == ["q", "q"]
    with pytest.raises(ValueError, match="limit is 0"):
        flare("q", scripted, lambda q: [], theta=0, beta=0, limit=0)


TEXTS = {
    "engine": "The engine has four valves. It runs on petrol and needs oil every month.",
    "cat": "Cats sleep all day. They wake up when the engine starts.",
    "bird": "Birds sing in the morning.",
}
CHUNKS = [Chunk(id, id, 0, len(text), text) for id, text in TEXTS.items()]


def critics(**weights):
    rate = word_overlap(list(TEXTS.values()))
    given = {"weights": weights} if weights else {}
    return Critics(rate, rate, rate, **given)


def test_self_rag_prefers_the_passage_that_answers():
    answerer = ExtractiveAnswerer(list(TEXTS.values()), limit=1, threshold=0.2)
    found = self_rag("how many valves has the engine", CHUNKS[::-1], answerer, critics())
    assert [c.chunk.id for c in found] == ["engine", "cat"]  # the bird's passage gives a refusal
    best = found[0]
    assert best.answer.citations[0].quote == "The engine has four valves."
    assert best.critique["supported"] == 1.0
    wanted = (best.critique["relevant"] + 1 + 0.5 * best.critique["useful"]) / 2.5
    assert best.score == pytest.approx(wanted)
    only = self_rag(
        "how many valves has the engine",
        CHUNKS,
        answerer,
        critics(relevant=0.0, supported=1.0, useful=0.0),
    )
    assert only[0].score == 1.0
    assert self_rag("anything", [], answerer, critics()) == []


def test_witten_bell_by_hand():
    """Trained on "a b a c": c() = 4 with 3 types, V = 3 + 1 for the unknown.

    P(a) = (2 + 3/4) / (4 + 3), P(unknown) = (3/4) / 7; after a: b and c once each, so
    P(b | a) = (1 + 2 P(b)) / (2 + 2) with P(b) = (1 + 3/4) / 7.
    """
    model = NgramModel(["a b a c"], order=2)
    assert model.probability("a") == pytest.approx(_after_start(2.75 / 7))
    unigram = NgramModel(["a b a c"], order=1)
    assert unigram.probability("a") == pytest.approx(2.75 / 7)
    assert unigram.probability("zebra") == pytest.approx(0.75 / 7)
    assert model.probability("b", ["a"]) == pytest.approx((1 + 2 * 1.75 / 7) / 4)


def _after_start(p):
    """One token, a, was seen at a beginning: P(a | start) = (1 + P(a)) / 2."""
    return (1 + p) / 2


history = st.lists(st.sampled_from("abcdx"), max_size=4)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text("abcd ", max_size=20), max_size=4), history, st.integers(1, 4))
def test_probabilities_sum_to_one(texts, before, order):
    model = NgramModel(texts, order)
    for one in (model, model.with_passages(["a b d", "z"], 0.7)):
        vocabulary = [*sorted(one.vocabulary), "never seen"]
        total = math.fsum(one.probability(token, before) for token in vocabulary)
        assert total == pytest.approx(1, abs=1e-9)


def test_a_passage_makes_its_words_likely():
    model = NgramModel(["the cat sat on the mat . the dog sat on the log ."] * 3)
    reader = model.with_passages(["the platypus sat on the keyboard ."])
    assert reader.probability("keyboard", ["on", "the"]) > 20 * model.probability(
        "keyboard", ["on", "the"]
    )
    assert model.guess(["sat", "on"]) == "the"
    assert NgramModel([]).guess(["x"]) == ""
    assert tokens("Don't stop, 注意力!") == ["don", "'", "t", "stop", ",", "注", "意", "力", "!"]


def test_bad_arguments():
    with pytest.raises(ValueError, match="order is 0"):
        NgramModel([], order=0)
    with pytest.raises(ValueError, match="weight is 2"):
        NgramModel([]).with_passages([], weight=2)
