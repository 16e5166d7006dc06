"""Evaluation on questions with quotes; the bootstrap against SciPy's and against the normal law."""

import numpy as np
import pytest
import scipy.stats

from handtorch.rag.documents import Chunk, Document
from handtorch.rag.evaluation import (
    Evaluation,
    Interval,
    bootstrap_interval,
    compare,
    evaluate,
    evidence_recall,
    paired_difference,
    table,
)
from handtorch.rag.questions import Evidence, Question

TEXT = "Cats sleep a lot. Dogs bark at night. Birds sing at dawn. Fish never blink."
SPANS = [(0, 18), (18, 38), (38, 58), (58, 75)]
PETS = {"pets": Document("pets", "Pets", TEXT)}
CHUNKS = [Chunk(f"pets:{i}", "pets", i, j, TEXT[i:j]) for i, j in SPANS]


def question(id: str, *quotes: str) -> Question:
    evidence = tuple(Evidence("pets", quote, 1) for quote in quotes)
    return Question(id, id, "keyword", "test", evidence)


def fixed(*ids: str):  # type: ignore[no-untyped-def]
    return lambda query, k: [(id, -float(i)) for i, id in enumerate(ids[:k])]


def test_a_question_worked_by_hand() -> None:
    """Quotes in the chunks at 18 and 58; the ranking shows them at places 2 and never.

    DCG = 1 / log2(3), the best order 1 + 1 / log2(3).
    """
    asked = question("two", "Dogs bark at night.", "Fish never blink.")
    result = evaluate(fixed("pets:0", "pets:18", "pets:38"), [asked], CHUNKS, documents=PETS)
    assert result.questions == ("two",)
    assert result.values["recall@5"] == result.values["recall@10"] == (0.5,)
    assert result.values["MRR@10"] == (0.5,)
    expected = (1 / np.log2(3)) / (1 + 1 / np.log2(3))
    assert result.values["nDCG@10"][0] == pytest.approx(expected)


def test_overlapping_chunks_that_repeat_a_quote_do_not_raise_recall() -> None:
    twice = [Chunk("pets:w", "pets", 10, 38, TEXT[10:38]), *CHUNKS]
    asked = question("two", "Dogs bark at night.", "Fish never blink.")
    assert evidence_recall(["pets:w", "pets:18"], asked, twice, PETS) == 0.5


def test_unanswerable_questions_are_left_out_and_lost_quotes_count_zero() -> None:
    result = evaluate(
        fixed("pets:0"),
        [question("none"), question("cats", "Cats sleep a lot."), question("lost", "Dogs bark")],
        [CHUNKS[0]],
        documents=PETS,
    )
    assert result.questions == ("cats", "lost")
    for column in result.values.values():
        assert column == (1.0, 0.0)


def test_bad_arguments_of_evaluate_are_named() -> None:
    asked = question("cats", "Cats sleep a lot.")
    with pytest.raises(ValueError, match="'elsewhere', which is the id of no chunk"):
        evaluate(fixed("elsewhere"), [asked], CHUNKS, documents=PETS)
    with pytest.raises(ValueError, match="k is 3"):
        evaluate(fixed("pets:0"), [asked], CHUNKS, k=3, documents=PETS)
    with pytest.raises(ValueError, match="none of the 1 questions has evidence"):
        evaluate(fixed("pets:0"), [question("none")], CHUNKS)
    with pytest.raises(ValueError, match="'none' has no evidence"):
        evidence_recall([], question("none"), CHUNKS)


@pytest.mark.parametrize("n", [8, 40, 90])
def test_interval_equals_scipys_percentile_bootstrap(n: int) -> None:
    values = np.random.default_rng(n).beta(0.5, 0.7, size=n)
    theirs = scipy.stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=20_000, rng=1
    ).confidence_interval
    ours = bootstrap_interval(values.tolist(), resamples=20_000)
    assert ours.mean == pytest.approx(values.mean())
    assert ours.low == pytest.approx(theirs.low, abs=0.008)
    assert ours.high == pytest.approx(theirs.high, abs=0.008)


def test_interval_tends_to_the_normal_one() -> None:
    """The bootstrap's standard error of a mean is sd / sqrt(n), with sd divided by n."""
    values = [0.0, 1.0] * 200
    low, high = 0.5 - 1.96 * 0.5 / 20, 0.5 + 1.96 * 0.5 / 20
    interval = bootstrap_interval(values)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=0.004)
    narrow = bootstrap_interval(values, confidence=0.5)
    assert interval.low < narrow.low < 0.5 < narrow.high < interval.high


def test_pairing_removes_what_makes_a_question_hard_for_both() -> None:
    rng = np.random.default_rng(0)
    hardness = rng.uniform(size=60)
    a, b = (hardness + 0.1).tolist(), hardness.tolist()
    difference = paired_difference(a, b)
    assert difference.low == pytest.approx(0.1)
    assert difference.high == pytest.approx(0.1)
    assert difference.excludes_zero
    assert bootstrap_interval(a).low < bootstrap_interval(b).high  # unpaired, they overlap
    assert not paired_difference(a, a).excludes_zero


def test_bad_values_are_named() -> None:
    for values in ([], [1.0, float("nan")]):
        with pytest.raises(ValueError, match="values must be finite"):
            bootstrap_interval(values)
    with pytest.raises(ValueError, match="confidence is 95"):
        bootstrap_interval([1.0], confidence=95)
    with pytest.raises(ValueError, match="resamples is 0"):
        bootstrap_interval([1.0], resamples=0)
    with pytest.raises(ValueError, match="a has 1 values and b 2"):
        paired_difference([1.0], [1.0, 2.0])


def evaluation(*values: float) -> Evaluation:
    names = ("recall@5", "recall@10", "MRR@10", "nDCG@10")
    return Evaluation(tuple(f"q{i}" for i in range(len(values))), dict.fromkeys(names, values))


def test_table_and_selection() -> None:
    two = {"first": evaluation(0.5, 0.5), "second": evaluation(1.0, 1.0)}
    lines = table(two, baseline="first").splitlines()
    assert lines[0].split() == ["recall@5", "MRR@10", "nDCG@10", "nDCG@10", "-", "first"]
    assert lines[1].split() == ["first"] + ["0.50", "[0.50,", "0.50]"] * 3
    assert lines[2].startswith("second  1.00 [1.00, 1.00]")
    assert lines[2].endswith("  0.50 [0.50, 0.50]")
    assert two["first"].select({"q1"}).questions == ("q1",)
    assert str(Interval(-0.001, -0.2, 0.1)) == "0.00 [-0.20, 0.10]"
    with pytest.raises(ValueError, match="different questions"):
        compare(two["first"], two["second"].select({"q1"}), "MRR@10")
    with pytest.raises(ValueError, match="baseline is 'third'"):
        table(two, baseline="third")
    with pytest.raises(ValueError, match="evaluations is empty"):
        table({})
