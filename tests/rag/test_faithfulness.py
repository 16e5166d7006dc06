"""The rules that judge support: cases worked by hand, and their known errors on marked claims."""

import math
from collections import Counter

import numpy as np
import pytest

from handtorch.rag.faithfulness import (
    answer_relevance,
    claims,
    containment,
    content_terms,
    faithfulness,
    labeled_claims,
    problems,
    support,
)

PASSAGES = [
    "Cats sleep 16 hours a day. They hunt at dawn.",
    "Dogs bark at night. A dog does not climb trees.",
]


def test_claims_are_sentences_without_their_marks() -> None:
    answer = "Cats sleep a lot [1]. Why? Dogs bark. [2, 3] See x[1] there. 猫睡觉[2]。"
    assert claims(answer) == [
        "Cats sleep a lot.",
        "Dogs bark.",
        "See x[1] there.",
        "猫睡觉。",
    ]
    assert claims("") == claims("Is it so? [1]") == []


def test_terms_ignore_endings_and_stop_words() -> None:
    assert content_terms("It divides the scores") == content_terms("the score divided") - {"x"}
    assert containment("cats sleep", "Dogs and cats.") == 0.5
    assert containment("the of", "anything") == 0.0


def test_support_finds_the_window_in_the_right_passage() -> None:
    found = support("Dogs bark at night.", PASSAGES)
    assert (found.score, found.passage, found.window) == (1.0, 1, "Dogs bark at night.")
    across = support("Cats sleep and hunt at dawn.", PASSAGES)
    assert (across.score, across.passage) == (1.0, 0)
    assert across.window == PASSAGES[0]
    assert support("Cats sleep.", []).passage is None


@pytest.mark.parametrize(
    ("claim", "problem"),
    [
        ("Cats sleep 14 hours a day.", "14 is not there"),
        ("Cats do not sleep 16 hours a day.", "negated on one side"),
        ("A dog climbs trees.", "negated on one side"),
    ],
)
def test_a_contradiction_is_refused_whatever_the_overlap(claim: str, problem: str) -> None:
    found = support(claim, PASSAGES)
    assert found.score == 0.0
    assert problem in found.problems


def test_spelled_numbers_thousands_and_opposites() -> None:
    assert problems("It has three parts of 1,024 bytes", "There are 3 parts of 1024 bytes") == ()
    assert problems("分成三块", "分成 3 块") == ()
    assert problems("It is applied after the softmax", "It is applied before the softmax") == (
        "after instead of before",
    )


def test_faithfulness_is_the_share_of_supported_claims() -> None:
    answer = "Cats sleep 16 hours a day [1]. Cats sleep 20 hours a day [1]. Dogs bark at night [2]."
    assert faithfulness(answer, PASSAGES) == pytest.approx(2 / 3)
    assert math.isnan(faithfulness("", PASSAGES))
    with pytest.raises(ValueError, match="threshold is 0"):
        faithfulness(answer, PASSAGES, threshold=0)


def test_answer_relevance_is_a_mean_cosine() -> None:
    table = {"q": [1.0, 0.0], "same": [2.0, 0.0], "half": [1.0, 1.0], "nothing": [0.0, 0.0]}

    def encode(texts):  # type: ignore[no-untyped-def]
        return np.array([table[text] for text in texts])

    assert answer_relevance("q", ["same", "half"], encode) == pytest.approx((1 + 2**-0.5) / 2)
    assert answer_relevance("q", ["nothing"], encode) == 0.0
    with pytest.raises(ValueError, match="generated is empty"):
        answer_relevance("q", [], encode)


def test_marked_claims_are_balanced_and_their_known_errors_stay_known() -> None:
    marked = labeled_claims()
    assert len(marked) == 72
    assert Counter((one.supported, one.split) for one in marked) == dict.fromkeys(
        [(True, "dev"), (True, "test"), (False, "dev"), (False, "test")], 18
    )
    accepted = Counter(one.kind for one in marked if support(one.claim, [one.passage]).score >= 0.9)
    assert accepted["quote"] == 18  # every quote is found
    assert accepted["negation"] == accepted["extra"] == 0  # and these are always refused
    assert accepted["paraphrase"] == 0  # but no free paraphrase is recognized,
    assert accepted["roles"] >= 4  # and swapped roles mostly pass: words are all there
