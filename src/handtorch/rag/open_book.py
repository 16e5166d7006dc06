"""Closed book against open book, measured with a language model that trains in a second.

A model that writes answers does not run in a page, but what retrieval does to one can be seen in
the probabilities of a small one (`ngrams`): how many bits a text costs it without passages, with
passages taken at random, and with retrieved ones. That is how retrieval-augmented language models
are measured (khandelwal2020, ram2023). Three ways to use several passages or to lean on them:

    mixture    P(y | x, all passages)                        in one model, side by side
    marginal   sum over z of P(z | x) P(y | x, z)            one model a passage (lewis2020rag)
    contrast   P(w | x, z)^(1 + a) / P(w | x)^a, normalized  context-aware decoding (shi2024cad)

The first is `NgramModel.with_passages`, the others stand here. Left out: writing.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from handtorch.rag.documents import Chunk, Document
from handtorch.rag.evaluation import Search
from handtorch.rag.ngrams import NgramModel, PassageModel


@dataclass(frozen=True)
class Continuation:
    """A passage of a document to be guessed (`text`), after what stands before it."""

    document: str
    before: str
    text: str


def continuations(
    documents: Sequence[Document], after: str = "## Full answer", words: int = 60
) -> list[Continuation]:
    """From each document that has the heading `after`: the first `words` words that follow it,
    and the `words` next ones to be guessed."""
    found = []
    for document in documents:
        body = document.text.partition(after)[2].split()
        if len(body) >= 2 * words:
            before, text = " ".join(body[:words]), " ".join(body[words : 2 * words])
            found.append(Continuation(document.id, before, text))
    return found


def token_bits(model: NgramModel, case: Continuation) -> list[tuple[str, float]]:
    """Each token of the continuation and what it costs, -log2 of its probability."""
    return [(token, -math.log2(p)) for token, p in model.probabilities(case.text, case.before)]


def bits(model: NgramModel, case: Continuation) -> float:
    """Mean cost of a token of the continuation."""
    return float(np.mean([cost for _, cost in token_bits(model, case)]))


def by_frequency(
    model: NgramModel, opened: Sequence[PassageModel], cases: Sequence[Continuation]
) -> dict[str, tuple[int, float, float]]:
    """What tokens cost closed and open book, by how often the model saw them in training.

    Args:
        model: the closed book.
        opened: for each case the same model with passages.

    Returns:
        A row for each power of ten, and two for tokens never seen, rarest first: the number of
        tokens, their mean cost closed, and open, in bits.
    """
    rows: dict[int, list[tuple[float, float]]] = {}
    for case, with_passages in zip(cases, opened):
        both = zip(token_bits(model, case), token_bits(with_passages, case))
        for (token, closed), (_, cost) in both:
            digits = len(str(model.counts[()][token])) if token in model.vocabulary else 0
            held = token in with_passages.counts.get((), ())  # in one of the passages
            rows.setdefault(digits or (0 if held else -1), []).append((closed, cost))
    names = {-1: "never, in no passage", 0: "never, in a passage"}
    table = {}
    for digits in sorted(rows):
        closed, cost = np.mean(rows[digits], axis=0)
        name = names.get(digits, f"{10 ** max(digits - 1, 0):,} to {10 ** max(digits, 0) - 1:,}")
        table[name] = len(rows[digits]), float(closed), float(cost)
    return table


def elsewhere(
    search: Search, chunks: Sequence[Chunk], case: Continuation, k: int = 3
) -> list[tuple[str, float]]:
    """Texts and scores of the `k` best passages for what stands before the gap, none of them from
    the document that is read."""
    texts = {chunk.id: chunk.text for chunk in chunks if chunk.document != case.document}
    hits = search(case.before, len(chunks))
    return [(texts[id], score) for id, score in hits if id in texts][:k]


def marginal_bits(
    models: Sequence[NgramModel], weights: Sequence[float], case: Continuation
) -> tuple[float, float]:
    """Bits per token when one model per passage speaks, each with its P(z | x).

    Returns:
        RAG-Sequence, where one passage accounts for the whole text: -log2 of the sum over z of
        P(z | x) times the product over tokens; and RAG-Token, where each token has its own sum.

    Raises:
        ValueError: if the weights are not as many as the models, or do not sum to 1.
    """
    if len(models) != len(weights) or not math.isclose(sum(weights), 1):
        raise ValueError(
            f"weights has {len(weights)} elements with sum {sum(weights):g}; "
            f"it must have {len(models)} with sum 1"
        )
    p = np.array(
        [[p for _, p in m.probabilities(case.text, case.before)] for m in models]
    )  # (Z, T)
    w = np.asarray(weights)
    logs = np.log(np.maximum(w, 1e-300)) + np.log(p).sum(axis=1)  # (Z,)
    top = logs.max()
    sequence = -(top + np.log(np.exp(logs - top).sum())) / math.log(2)
    token = -np.log2(w @ p).sum()
    return float(sequence / p.shape[1]), float(token / p.shape[1])


def posterior(scores: Sequence[float], temperature: float = 1.0) -> list[float]:
    """P(z | x): the softmax of a retriever's scores."""
    s = np.asarray(scores, dtype=np.float64) / temperature
    e = np.exp(s - s.max())
    return [float(x) for x in e / e.sum()]


def contrast(
    with_passage: NgramModel, without: NgramModel, history: Sequence[str], alpha: float
) -> dict[str, float]:
    """Next-token probabilities that stress what the passage has changed, likeliest first.

    With alpha = 0 these are the probabilities with the passage; the larger alpha, the less of what
    the model believed before is left.
    """
    vocabulary = sorted(with_passage.vocabulary)
    p = np.array([with_passage.probability(token, history) for token in vocabulary])
    prior = np.array([without.probability(token, history) for token in vocabulary])
    score = (1 + alpha) * np.log(p) - alpha * np.log(prior)
    q = np.exp(score - score.max())
    q /= q.sum()
    return {vocabulary[i]: float(q[i]) for i in np.argsort(-q, kind="stable")}
