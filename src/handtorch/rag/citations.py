"""Check citations: does each cited passage carry the statement it is cited for?

ALCE (gao2023alce) asks two things. Citation recall: what share of the statements is supported by
the passages cited for it, taken together? Citation precision: what share of the citations is
needed? A citation is not needed if its passage does not support the statement alone and the
others do without it; a citation of a statement that is not supported counts as wrong. Both rest
on a judge of support, here the rules of `faithfulness`, where ALCE uses a trained entailment
model, so its errors are theirs. A number that no passage has counts as a wrong citation, where
ALCE's code leaves it out of the precision.

What this leaves out: whether the passage is why the generator said it. A citation may be found
afterwards for a sentence that came from the weights (wallat2025).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from handtorch.rag.faithfulness import MARKS, claims, support

Judge = Callable[[str, Sequence[str]], bool]


@dataclass(frozen=True)
class Statement:
    """A sentence of an answer with the numbers cited for it, each once, in order."""

    text: str
    cited: tuple[int, ...]


@dataclass(frozen=True)
class CitationReport:
    """What the check found.

    Attributes:
        statements: the statements of the answer.
        supported: for each, whether the passages cited for it support it together.
        needed: for each, which of its citations are right and needed.
    """

    statements: tuple[Statement, ...]
    supported: tuple[bool, ...]
    needed: tuple[tuple[int, ...], ...]

    @property
    def recall(self) -> float:
        """The share of the statements that their citations support; nan without statements."""
        return _share(sum(self.supported), len(self.statements))

    @property
    def precision(self) -> float:
        """The share of the citations that are right and needed; nan without citations."""
        cited = sum(len(statement.cited) for statement in self.statements)
        return _share(sum(map(len, self.needed)), cited)


def statements(answer: str) -> list[Statement]:
    """The sentences of an answer with their citations, before or after the full stop.

    A mark belongs to the sentence that it follows. Sentences that claim nothing are dropped.

    Example: ``"It is exact. [1] It is fast [2][3]."`` ->
    ``[Statement("It is exact.", (1,)), Statement("It is fast", (2, 3))]``
    """
    found: list[Statement] = []
    start = 0
    for mark in MARKS.finditer(answer):
        before = claims(answer[start : mark.start()].lstrip(" .。,;"))
        numbers = tuple(dict.fromkeys(int(n) for n in re.findall(r"\d+", mark[1])))
        start = mark.end()
        found += [Statement(text, ()) for text in before[:-1]]
        if before:
            found.append(Statement(before[-1], numbers))
    rest = claims(answer[start:].lstrip(" .。,;"))
    return found + [Statement(text, ()) for text in rest]


def rule_judge(threshold: float = 0.9) -> Judge:
    """A judge that calls a statement supported if `support` gives it at least `threshold`."""
    return lambda claim, passages: support(claim, passages).score >= threshold


def check_citations(
    answer: str, passages: Sequence[str], judge: Judge | None = None
) -> CitationReport:
    """Check every citation of an answer.

    Args:
        answer: with marks like [1] or [2, 3], counted from 1.
        passages: what the generator was shown, in order.
        judge: (statement, passages) -> whether the passages support it; by default `rule_judge()`.
    """
    decide = judge or rule_judge()
    found = statements(answer)
    supported: list[bool] = []
    needed: list[tuple[int, ...]] = []
    for statement in found:
        valid = [n for n in statement.cited if 1 <= n <= len(passages)]
        right = bool(valid) and decide(statement.text, [passages[n - 1] for n in valid])
        supported.append(right)
        needed.append(
            tuple(n for n in valid if right and _is_needed(statement, n, valid, passages, decide))
        )
    return CitationReport(tuple(found), tuple(supported), tuple(needed))


def _is_needed(
    statement: Statement, number: int, valid: list[int], passages: Sequence[str], decide: Judge
) -> bool:
    """Whether the passage supports the statement alone, or the others do not without it."""
    if decide(statement.text, [passages[number - 1]]):
        return True
    others = [passages[n - 1] for n in valid if n != number]
    return not (others and decide(statement.text, others))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
