"""Citation precision and recall: ALCE's definitions on cases worked by hand."""

import math

import pytest

from handtorch.rag.citations import Statement, check_citations, statements

PASSAGES = ["Cats sleep a lot.", "Dogs bark. Birds sing at dawn.", "Fish swim."]


def test_marks_belong_to_the_sentence_they_follow() -> None:
    assert statements("It is exact. [1] It is fast [2][3]. Cats sleep [1, 4] well. None here.") == [
        Statement("It is exact.", (1,)),
        Statement("It is fast", (2, 3)),
        Statement("Cats sleep", (1, 4)),
        Statement("well.", ()),
        Statement("None here.", ()),
    ]
    assert statements("See x[1]. 猫睡觉。[2]") == [
        Statement("See x[1].", ()),
        Statement("猫睡觉。", (2,)),
    ]
    assert statements("") == []


def test_recall_and_precision_by_hand() -> None:
    """Supported: 1 and 3 of 4. Right and needed: [1] of the first, [2] of the third; of 5 cited."""
    answer = "Cats sleep a lot [1]. Dogs bark [1]. Birds sing at dawn [1][2]. Fish swim. [9]"
    report = check_citations(answer, PASSAGES)
    assert report.supported == (True, False, True, False)
    assert report.needed == ((1,), (), (2,), ())
    assert report.recall == 2 / 4
    assert report.precision == 2 / 5


def test_two_passages_that_only_together_support_are_both_needed() -> None:
    def judge(claim, passages):  # type: ignore[no-untyped-def]
        return {"a", "b"} <= set(passages)

    both = check_citations("It holds [1][2].", ["a", "b", "c"], judge)
    assert (both.recall, both.precision) == (1.0, 1.0)
    padded = check_citations("It holds [1][2][3].", ["a", "b", "c"], judge)
    assert (padded.recall, padded.precision) == (1.0, pytest.approx(2 / 3))
    assert padded.needed == ((1, 2),)


def test_answers_without_statements_or_citations_have_no_score() -> None:
    assert math.isnan(check_citations("", PASSAGES).recall)
    bare = check_citations("Cats sleep a lot.", PASSAGES)
    assert bare.recall == 0.0
    assert math.isnan(bare.precision)
