"""Is each claim of an answer supported by the passages? A judge that needs no language model.

Frameworks ask a model: split the answer into statements, then say for each whether the context
entails it; faithfulness is the share that it does (es2024, min2023). Here the same score is
computed with rules. A claim is a sentence. Its support is the share of its content terms that
stand together in one or two neighboring sentences of a passage, and it is refused outright where
a number is missing there, where one side is negated and the other is not, or where a word's
opposite stands in its place.

What this leaves out is meaning. Rules that count words pass a claim in which who did what to whom
is swapped, and refuse a good paraphrase; `labeled_claims` holds marked cases on which the
page counts these errors. Claims that rest on two passages at once are not joined either.
"""

import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from handtorch.rag.generation import STOP_WORDS
from handtorch.rag.text import sentences, words

Encode = Callable[[Sequence[str]], np.ndarray]

#: Citation marks, one or several together. Not after a letter or a bracket: x[1] is code.
MARKS = re.compile(r"\s*(?<![\w)\]])((?:\[\d{1,4}(?:\s*[,，]\s*\d{1,4})*\]\s*)+)(?!\w)", re.ASCII)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_SPELLED = {"two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7"} | {
    name: str(number) for number, name in enumerate("一两三四五六七八九十", start=1)
}
_NEGATION = re.compile(r"\b(?:not|no|never|without|cannot|nor|neither|none)\b|n[’']t\b|[不没无未]")
_OPPOSITES = [
    ("more", "less"),
    ("more", "fewer"),
    ("most", "least"),
    ("higher", "lower"),
    ("highest", "lowest"),
    ("larger", "smaller"),
    ("largest", "smallest"),
    ("grow", "shrink"),
    ("rise", "fall"),
    ("increase", "decrease"),
    ("faster", "slower"),
    ("before", "after"),
    ("first", "last"),
    ("always", "never"),
]


@dataclass(frozen=True)
class Support:
    """How well the passages carry a claim.

    Attributes:
        claim: the claim.
        score: the share of its terms that stand together, 0 if there is a problem; in [0, 1].
        passage: the index of the passage that carries it best, None without passages.
        window: the sentence or two where it does.
        problems: what refuses the claim whatever the share.
    """

    claim: str
    score: float
    passage: int | None = None
    window: str = ""
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class LabeledClaim:
    """A claim marked by reading: does `passage` support it? `kind` says how it was made."""

    passage: str
    claim: str
    kind: str
    supported: bool
    split: str


def claims(answer: str) -> list[str]:
    """The sentences of an answer that claim something, without their citation marks.

    Example: ``"It is exact [1]. Is it fast?"`` -> ``["It is exact."]``, for questions claim nothing
    """
    text = re.sub(r" (?=[.,;:!?。，；：！？])", "", MARKS.sub(" ", answer))
    found = [text[start:stop] for start, stop in sentences(text)]
    return [claim for claim in found if content_terms(claim) and claim[-1] not in "?？"]


def content_terms(text: str) -> set[str]:
    """The words of a text that carry its topic, without their commonest endings.

    Example: ``"It divides the scores"`` -> ``{"divid", "score"}``
    """
    return {_stem(word) for word in words(text) if word not in STOP_WORDS}


def containment(claim: str, passage: str) -> float:
    """The share of the claim's content terms that the passage contains; 0 if it has none.

    Example: ``"cats sleep", "Dogs and cats."`` -> ``0.5``
    """
    wanted = content_terms(claim)
    return len(wanted & content_terms(passage)) / len(wanted) if wanted else 0.0


def problems(claim: str, window: str) -> tuple[str, ...]:
    """What in the claim contradicts the window: a number, a negation, an opposite word."""
    found = [f"{number} is not there" for number in sorted(_numbers(claim) - _numbers(window))]
    if len(_NEGATION.findall(claim)) % 2 != len(_NEGATION.findall(window)) % 2:
        found.append("negated on one side")
    here, there = content_terms(claim), content_terms(window)
    for pair in _OPPOSITES:
        for word, opposite in (pair, pair[::-1]):
            a, b = _stem(word), _stem(opposite)
            if a in here - there and b in there - here:
                found.append(f"{word} instead of {opposite}")
    return tuple(found)


def support(claim: str, passages: Sequence[str]) -> Support:
    """The window of the passages that carries the claim best, and what speaks against it.

    A window is a sentence or two neighboring ones. Of equally good windows the one with the fewest
    problems is taken, then the shorter, then the first.
    """
    best = Support(claim, 0.0)
    best_key = (-1.0, 0, 0)
    for index, passage in enumerate(passages):
        spans = sentences(passage)
        for width in (1, 2):
            for first, last in zip(spans, spans[width - 1 :]):
                window = passage[first[0] : last[1]]
                share = containment(claim, window)
                against = problems(claim, window)
                key = (share, -len(against), -width)
                if key > best_key:
                    best_key = key
                    best = Support(claim, 0.0 if against else share, index, window, against)
    return best


def faithfulness(answer: str, passages: Sequence[str], *, threshold: float = 0.9) -> float:
    """The share of the answer's claims that a passage supports with at least `threshold`.

    Returns:
        A number in [0, 1]; nan if the answer claims nothing, as a refusal does.

    Raises:
        ValueError: `threshold` is not in (0, 1].
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold is {threshold}; it must lie in (0, 1]")
    scores = [support(claim, passages).score for claim in claims(answer)]
    return sum(score >= threshold for score in scores) / len(scores) if scores else math.nan


def answer_relevance(question: str, generated: Sequence[str], encode: Encode) -> float:
    """The mean cosine between the question and questions made from the answer (es2024).

    A language model makes the questions ("which question does this answer?"); without one, pass
    the answer itself, which measures whether it speaks of the question's topic and no more.

    Args:
        question: what was asked.
        generated: the questions made from the answer, at least one.
        encode: n texts -> (n, d).

    Raises:
        ValueError: `generated` is empty.
    """
    if not generated:
        raise ValueError("generated is empty; at least one question is needed")
    vectors = np.asarray(encode([question, *generated]), dtype=np.float64)
    norms = np.linalg.norm(vectors, axis=1)
    norms[norms == 0] = 1.0  # a text without a vector resembles nothing
    unit = vectors / norms[:, None]
    return float((unit[1:] @ unit[0]).mean())


@cache
def labeled_claims() -> tuple[LabeledClaim, ...]:
    """72 claims on 18 passages, half of them supported, marked by reading; two halves dev and test.

    Kinds: "quote" and "paraphrase" are supported; "number", "negation", "roles" (who does what is
    swapped), "entity", "opposite" and "extra" (something was added) are not.
    """
    text = resources.files("handtorch").joinpath("data", "rag_claims.json").read_text("utf-8")
    return tuple(
        LabeledClaim(case["passage"], one["text"], one["kind"], one["supported"], case["split"])
        for case in json.loads(text)
        for one in case["claims"]
    )


def _numbers(text: str) -> set[str]:
    """The numbers in a text, spelled ones too; a thousand's comma is dropped."""
    digits = {re.sub(r",(?=\d{3})", "", number) for number in _NUMBER.findall(text)}
    spelled = re.findall(r"[a-z]+|[一两三四五六七八九十]", text.lower())
    return digits | {_SPELLED[word] for word in spelled if word in _SPELLED}


def _stem(word: str) -> str:
    """The word without "ing", "ed", "es", "s" or "e" at its end, if three letters remain."""
    for ending in ("ing", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            return word[: -len(ending)]
    return word
