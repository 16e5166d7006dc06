"""Pseudo-relevance feedback: what a first search found teaches the second what to look for.

For terms, the relevance model (lavrenko2001): each passage d that was found gives its words,
weighted by how well it matched,

    P(w | R) = sum_d P(w | d) P(d),    P(w | d) = tf(w, d) / |d|,

and RM3 (abduljaleel2004) mixes that with the query's own distribution. For vectors, Rocchio's
formula (rocchio1971): move the query towards what is relevant. The average that HyDE (gao2023hyde)
searches with is the same formula, with texts that a model made up in the place of passages found.

Left out: smoothing of P(w | d) with the collection, and positions.
"""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from handtorch.rag.dense import Vectors
from handtorch.rag.text import words


def relevance_model(
    passages: Sequence[tuple[str, float]], *, keep: Callable[[str], bool] = lambda term: True
) -> dict[str, float]:
    """P(w | R) from passages and their scores, likeliest term first (ties: as they come).

    Args:
        passages: (text, score) pairs; the scores, none negative, become P(d) by division by
            their sum, or are taken as equal if all are zero.
        keep: which terms count; the rest is left out before |d| is counted.

    Raises:
        ValueError: if a score is negative or not finite.
    """
    scores = np.array([score for _, score in passages], dtype=np.float64)
    if not np.isfinite(scores).all() or (scores < 0).any():
        raise ValueError(f"scores are {scores.tolist()}; each must be finite and 0 or more")
    total = float(scores.sum())
    model: dict[str, float] = {}
    for text, score in passages:
        counts = Counter(term for term in words(text) if keep(term))
        share = score / total if total else 1 / len(passages)
        for term, count in counts.items():
            model[term] = model.get(term, 0.0) + share * count / counts.total()
    return dict(sorted(model.items(), key=lambda pair: -pair[1]))


def rm3(
    query: str,
    passages: Sequence[tuple[str, float]],
    *,
    terms: int = 10,
    original: float = 0.5,
    keep: Callable[[str], bool] = lambda term: True,
) -> dict[str, float]:
    """`original` P(w | query) + (1 - `original`) P(w | R), R cut to its `terms` likeliest terms.

    A probability for each term, likeliest first. Nothing keeps an added term from outweighing the
    query's own ones: with a long query and a word that every passage repeats, it does.

    Raises:
        ValueError: if `terms` is below 1 or `original` is outside [0, 1].
    """
    if terms < 1:
        raise ValueError(f"terms is {terms}; it must be 1 or more")
    if not 0 <= original <= 1:
        raise ValueError(f"original is {original}; it must be from 0 to 1")
    asked = Counter(words(query))
    likeliest = list(relevance_model(passages, keep=keep).items())[:terms]
    mass = sum(probability for _, probability in likeliest)
    mixed = {term: original * count / asked.total() for term, count in asked.items()}
    for term, probability in likeliest:
        mixed[term] = mixed.get(term, 0.0) + (1 - original) * probability / mass
    return dict(sorted(mixed.items(), key=lambda pair: -pair[1]))


def rocchio(
    query: Vectors,
    relevant: Vectors,
    irrelevant: Vectors | None = None,
    *,
    alpha: float = 1.0,
    beta: float = 0.75,
    gamma: float = 0.15,
) -> Vectors:
    """alpha * query + beta * mean(relevant) - gamma * mean(irrelevant).

    Shapes: (d,), (n, d), (m, d) -> (d,); no passages of a kind leave its term out.

    Raises:
        ValueError: if the sizes differ or a vector holds a NaN.
    """
    moved = alpha * query
    for sign, vectors in ((beta, relevant), (-gamma, irrelevant)):
        if vectors is None or not len(vectors):
            continue
        if vectors.shape[-1] != query.shape[-1]:
            raise ValueError(f"vectors have size {vectors.shape[-1]}, the query {query.shape[-1]}")
        moved = moved + sign * vectors.mean(axis=0)
    if np.isnan(moved).any():
        raise ValueError("a vector holds NaN; every component must be a number")
    return moved


def hyde_vector(query: Vectors, hypotheses: Vectors) -> Vectors:
    """The mean of the query's vector and those of N hypothetical documents: (d,), (N, d) -> (d,).

    That is Rocchio with alpha = 1 / (N + 1) and beta = N / (N + 1).
    """
    N = len(hypotheses)
    return rocchio(query, hypotheses, alpha=1 / (N + 1), beta=N / (N + 1))
