"""Mixtures, marginals and contrasts of small language models, checked by their definitions."""

import math

import numpy as np
import pytest

from handtorch.rag.documents import Chunk, Document
from handtorch.rag.ngrams import NgramModel
from handtorch.rag.open_book import (
    Continuation,
    bits,
    by_frequency,
    continuations,
    contrast,
    elsewhere,
    marginal_bits,
    posterior,
    token_bits,
)

BASE = NgramModel(["the cat sat on the mat", "the dog sat on the rug"])
CASE = Continuation("d", "the cow", "sat on the grass")


def test_a_continuation_is_the_words_after_the_first_words() -> None:
    text = "# T\n\nskip\n\n## Full answer\n\na b c d e"
    documents = [Document("x", "T", text, {}), Document("y", "T", "a b c d", {})]
    assert continuations(documents, words=2) == [Continuation("x", "a b", "c d")]
    assert continuations(documents, words=3) == []


def test_bits_are_minus_log2_of_the_probabilities() -> None:
    costs = token_bits(BASE, CASE)
    assert [token for token, _ in costs] == ["sat", "on", "the", "grass"]
    assert costs[1][1] == pytest.approx(-math.log2(BASE.probability("on", ["the", "cow", "sat"])))
    assert bits(BASE, CASE) == pytest.approx(sum(cost for _, cost in costs) / 4)


def test_rows_by_frequency() -> None:
    """sat and on were seen twice, the four times, grass never; only the passages have grass."""
    shown = BASE.with_passages(["grass is green"])
    table = by_frequency(BASE, [shown], [CASE])
    assert list(table) == ["never, in a passage", "1 to 9"]
    assert table["1 to 9"][0] == 3
    (count, closed, opened) = table["never, in a passage"]
    costs = dict(token_bits(BASE, CASE)), dict(token_bits(shown, CASE))
    assert (count, closed, opened) == (1, costs[0]["grass"], costs[1]["grass"])
    assert opened < closed
    unrelated = by_frequency(BASE, [BASE.with_passages(["a"])], [CASE])
    assert list(unrelated) == ["never, in no passage", "1 to 9"]


def test_passages_come_from_elsewhere() -> None:
    chunks = [Chunk(str(i), document, 0, 1, document) for i, document in enumerate("dab")]

    def search(query: str, k: int) -> list[tuple[str, float]]:
        assert query == CASE.before
        return [("0", 3.0), ("2", 2.0), ("1", 1.0)][:k]

    assert elsewhere(search, chunks, CASE) == [("b", 2.0), ("a", 1.0)]
    assert elsewhere(search, chunks, CASE, k=1) == [("b", 2.0)]


def test_marginals_by_their_definitions() -> None:
    models = [BASE.with_passages(["the cow sat"]), BASE.with_passages(["on the grass"])]
    p = [[q for _, q in model.probabilities(CASE.text, CASE.before)] for model in models]
    w = [0.7, 0.3]
    sequence, token = marginal_bits(models, w, CASE)
    expected = w[0] * math.prod(p[0]) + w[1] * math.prod(p[1])
    assert sequence == pytest.approx(-math.log2(expected) / 4)
    expected = math.prod(w[0] * a + w[1] * b for a, b in zip(*p))
    assert token == pytest.approx(-math.log2(expected) / 4)


def test_with_one_passage_both_marginals_are_its_model() -> None:
    model = BASE.with_passages(["on the grass"])
    assert marginal_bits([model], [1.0], CASE) == pytest.approx((bits(model, CASE),) * 2)


@pytest.mark.parametrize("weights", [[1.0, 0.0], [0.9], []])
def test_weights_that_fit_no_models_are_refused(weights: list[float]) -> None:
    with pytest.raises(ValueError, match=f"weights has {len(weights)} elements"):
        marginal_bits([BASE], weights, CASE)


def test_posterior_is_a_softmax() -> None:
    np.testing.assert_allclose(posterior([1, 1]), [0.5, 0.5])
    assert posterior([1000.0, 0.0]) == [1.0, 0.0]
    assert posterior([1, 0], 0.1)[0] > posterior([1, 0], 10)[0]


class TestContrast:
    OLD = NgramModel(["the limit is ten"] * 9)
    NEW = OLD.with_passages(["the limit is twelve"])
    HISTORY = ("the", "limit", "is")

    def test_sums_to_one_and_is_the_mixture_without_contrast(self) -> None:
        plain = contrast(self.NEW, self.OLD, self.HISTORY, 0)
        assert sum(plain.values()) == pytest.approx(1)
        total = sum(self.NEW.probability(word, self.HISTORY) for word in self.NEW.vocabulary)
        for word in ("ten", "twelve"):
            expected = self.NEW.probability(word, self.HISTORY) / total
            assert plain[word] == pytest.approx(expected)

    def test_lets_the_passage_win_against_what_was_learned(self) -> None:
        assert next(iter(contrast(self.NEW, self.OLD, self.HISTORY, 0))) == "ten"
        assert next(iter(contrast(self.NEW, self.OLD, self.HISTORY, 1))) == "twelve"
