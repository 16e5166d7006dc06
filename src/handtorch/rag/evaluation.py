"""Evaluate a retriever on the hand-marked questions, with intervals (efron1979).

Fifty questions are few: two retrievers that differ by 0.05 may differ by luck. So every mean
comes with a bootstrap interval over the questions, and two retrievers are compared on the *same*
questions: the interval of the paired differences is narrower than the two intervals suggest,
because a question that is hard for one is mostly hard for both.

Relevance is judged by evidence: a question has quotes, and `questions.relevant_chunks` says which
chunks contain them. Recall is the share of the quotes that the first k chunks show, so that a
chunking with overlap, which shows a quote twice, gains nothing. MRR and nDCG are taken over the
chunks. Questions without evidence (kind "unanswerable") have no ranking to judge and are left
out. A question whose quotes no chunk contains any more, because the chunking cut them apart,
counts 0: that is the chunking's fault.

What is left out: corrections for many comparisons, and intervals other than percentile ones
(scipy.stats.bootstrap has BCa).
"""

from collections import defaultdict
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from handtorch.rag.documents import Chunk, Document
from handtorch.rag.metrics import ndcg_at_k, reciprocal_rank
from handtorch.rag.questions import Question, relevant_chunks

Search = Callable[[str, int], Sequence[tuple[str, float]]]


class Interval(NamedTuple):
    """A mean and its interval; printed as ``0.62 [0.50, 0.74]``."""

    mean: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether 0 lies outside: for a difference, whether it is beyond chance."""
        return self.low > 0 or self.high < 0

    def __str__(self) -> str:
        mean, low, high = (round(x, 2) + 0.0 for x in self)  # + 0.0 prints -0.00 as 0.00
        return f"{mean:.2f} [{low:.2f}, {high:.2f}]"


@dataclass(frozen=True)
class Evaluation:
    """The values of each metric, one per question, in the order of `questions`.

    Attributes:
        questions: the ids of the questions that were judged.
        values: metric name -> one value per question.
    """

    questions: tuple[str, ...]
    values: Mapping[str, tuple[float, ...]]

    def interval(self, metric: str) -> Interval:
        """The mean of a metric with its 95% bootstrap interval."""
        return bootstrap_interval(self.values[metric])

    def select(self, keep: Container[str]) -> "Evaluation":
        """The evaluation of those questions only whose id is in `keep`."""
        at = [i for i, id in enumerate(self.questions) if id in keep]
        values = {name: tuple(column[i] for i in at) for name, column in self.values.items()}
        return Evaluation(tuple(self.questions[i] for i in at), values)


def evaluate(
    search: Search,
    questions: Sequence[Question],
    chunks: Sequence[Chunk],
    k: int = 10,
    documents: Mapping[str, Document] | None = None,
) -> Evaluation:
    """Search once for every question that has evidence and score the first k chunks.

    Args:
        search: (query, k) -> (chunk id, score) pairs, best first.
        questions: those without evidence are skipped.
        chunks: all that `search` may return.
        k: how deep to look, at least 5; names the metrics recall@5, recall@k, MRR@k and nDCG@k.
        documents: what the quotes were taken from; None for the chapter's corpus.

    Raises:
        ValueError: k < 5, no question has evidence, or `search` returns an id that no chunk has.
    """
    if k < 5:
        raise ValueError(f"k is {k}; it must be at least 5, for recall@5 is always reported")
    judged = [question for question in questions if question.evidence]
    if not judged:
        raise ValueError(f"none of the {len(questions)} questions has evidence to judge by")
    by_document: dict[str, list[Chunk]] = defaultdict(list)
    for chunk in chunks:
        by_document[chunk.document].append(chunk)
    known = {chunk.id for chunk in chunks}
    columns: dict[str, list[float]] = defaultdict(list)
    for question in judged:
        ranked = [id for id, _ in search(question.text, k)]
        if unknown := [id for id in ranked if id not in known]:
            raise ValueError(f"search returned {unknown[0]!r}, which is the id of no chunk")
        names = dict.fromkeys(evidence.document for evidence in question.evidence)
        candidates = [chunk for document in names for chunk in by_document[document]]
        relevant = relevant_chunks(question, candidates, documents)
        for depth in dict.fromkeys((5, k)):
            share = evidence_recall(ranked[:depth], question, candidates, documents)
            columns[f"recall@{depth}"].append(share)
        columns[f"MRR@{k}"].append(reciprocal_rank(ranked, relevant, k) if relevant else 0.0)
        columns[f"nDCG@{k}"].append(ndcg_at_k(ranked, relevant, k) if relevant else 0.0)
    values = {name: tuple(column) for name, column in columns.items()}
    return Evaluation(tuple(question.id for question in judged), values)


def evidence_recall(
    ids: Sequence[str],
    question: Question,
    chunks: Sequence[Chunk],
    documents: Mapping[str, Document] | None = None,
) -> float:
    """The share of the question's quotes that at least one of the chunks `ids` contains.

    Raises:
        ValueError: the question has no evidence.
    """
    if not question.evidence:
        raise ValueError(f"question {question.id!r} has no evidence to recall")
    shown = set(ids)
    alone = [replace(question, evidence=(evidence,)) for evidence in question.evidence]
    found = [not shown.isdisjoint(relevant_chunks(one, chunks, documents)) for one in alone]
    return sum(found) / len(found)


def bootstrap_interval(
    values: Sequence[float], *, confidence: float = 0.95, resamples: int = 10_000, seed: int = 0
) -> Interval:
    """The mean with its percentile bootstrap interval: resample with replacement, take the mean.

    Args:
        values: one number per question.
        confidence: the share of the resampled means that lie inside, in (0, 1).

    Raises:
        ValueError: no values or one that is not finite; confidence or resamples out of range.
    """
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or x.size == 0 or not np.isfinite(x).all():
        raise ValueError(f"values must be finite numbers, at least one; got shape {x.shape}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}; it must lie between 0 and 1")
    if resamples < 1:
        raise ValueError(f"resamples is {resamples}; it must be at least 1")
    draws = np.random.default_rng(seed).integers(0, x.size, size=(resamples, x.size))
    tail = (1 - confidence) / 2
    low, high = np.quantile(x[draws].mean(axis=1), [tail, 1 - tail])
    return Interval(float(x.mean()), float(low), float(high))


def paired_difference(
    a: Sequence[float],
    b: Sequence[float],
    *,
    confidence: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
) -> Interval:
    """The mean of a - b, question by question, with its bootstrap interval.

    Raises:
        ValueError: the two differ in length, or as for `bootstrap_interval`.
    """
    if len(a) != len(b):
        raise ValueError(f"a has {len(a)} values and b {len(b)}; they must be the same questions")
    differences = [x - y for x, y in zip(a, b)]
    return bootstrap_interval(differences, confidence=confidence, resamples=resamples, seed=seed)


def compare(a: Evaluation, b: Evaluation, metric: str) -> Interval:
    """The paired difference of two evaluations in one metric, a minus b.

    Raises:
        ValueError: they were made on different questions.
    """
    if a.questions != b.questions:
        raise ValueError("a and b were evaluated on different questions")
    return paired_difference(a.values[metric], b.values[metric])


def table(evaluations: Mapping[str, Evaluation], *, baseline: str | None = None) -> str:
    """A table: recall@5, MRR@k and nDCG@k with 95% intervals, one row per retriever.

    Args:
        evaluations: name -> evaluation; at least one, all with the same metrics.
        baseline: one of the names; adds a column with the paired difference in nDCG to it.

    Raises:
        ValueError: no evaluations, or `baseline` is not among them.
    """
    if not evaluations:
        raise ValueError("evaluations is empty; a table needs at least one")
    if baseline is not None and baseline not in evaluations:
        raise ValueError(f"baseline is {baseline!r}; it may be one of {list(evaluations)}")
    first = next(iter(evaluations.values()))
    metrics = [name for name in first.values if name == "recall@5" or "recall" not in name]
    rows = [["", *metrics] + ([f"{metrics[-1]} - {baseline}"] if baseline else [])]
    for name, evaluation in evaluations.items():
        rows.append([name, *(str(evaluation.interval(metric)) for metric in metrics)])
        if baseline == name:
            rows[-1].append("")
        elif baseline is not None:
            rows[-1].append(str(compare(evaluation, evaluations[baseline], metrics[-1])))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)) for row in rows]
    return "\n".join(line.rstrip() for line in lines)
