"""Extractive summaries, and a tree of them: what stands for many passages where few fit.

`summarize` takes the sentences that are most like all the others, by PageRank on their similarity
(LexRank, erkan2004), on request biased to a focus such as the titles, and passes over those that
repeat what was taken (carbonell1998). It quotes; it cannot say in one sentence what ten passages
say together, as a language model would.

`summary_tree` makes trees of such summaries. What this leaves out: abstractive summaries.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from handtorch.rag.context import Count, count_words
from handtorch.rag.text import sentences, words

_NO_PROSE = re.compile(r"```.*?(?:```|\Z)|\$\$.*?\$\$|^#[^\n]*|^\s*[-|][^\n]*", re.S | re.M)


@dataclass(frozen=True)
class Excerpt:
    """Characters `start` to `stop` of the text number `source`."""

    source: int
    start: int
    stop: int
    text: str


def prose_sentences(text: str) -> list[tuple[int, int]]:
    """Sentences of 4 to 60 words outside of headings, code, tables, lists and displayed formulas.

    Offsets are into `text`: what is left out is blanked, not removed.
    """
    blanked = _NO_PROSE.sub(lambda found: "\n" * len(found[0]), text)
    spans = sentences(blanked)
    return [(start, stop) for start, stop in spans if 4 <= len(words(text[start:stop])) <= 60]


def similarity(texts: Sequence[str]) -> npt.NDArray[np.float64]:
    """(n, n) cosines of the texts' tf-idf vectors; 0 for a text without words."""
    counted = [words(text) for text in texts]
    columns = {term: j for j, term in enumerate(dict.fromkeys(t for ts in counted for t in ts))}
    x = np.zeros((len(texts), len(columns)))
    for i, terms in enumerate(counted):
        for term in terms:
            x[i, columns[term]] += 1
    x *= np.log((1 + len(texts)) / (1 + (x > 0).sum(0))) + 1
    length = np.sqrt((x * x).sum(1, keepdims=True))
    x = np.divide(x, length, out=x, where=length > 0)
    return np.asarray(x @ x.T, np.float64)


def centrality(
    similar: npt.NDArray[np.float64],
    bias: npt.NDArray[np.float64] | None = None,
    damping: float = 0.85,
) -> npt.NDArray[np.float64]:
    """PageRank of n texts on their similarities (n, n); the values sum to 1.

    Args:
        bias: where the walk restarts, n weights of at least 0; by default everywhere alike.
        damping: how often it does not restart.
    """
    n = len(similar)
    even = np.full(n, 1 / max(n, 1))
    start = even if bias is None or not bias.sum() else bias / bias.sum()
    total = similar.sum(1, keepdims=True)
    step = np.divide(similar, total, out=np.tile(even, (n, 1)), where=total > 0)
    p = start
    for _ in range(100):
        p = damping * (p @ step) + (1 - damping) * start
    return p


def summarize(
    texts: Sequence[str],
    budget: int,
    *,
    focus: str = "",
    redundancy: float = 0.5,
    count: Count = count_words,
) -> list[Excerpt]:
    """Central sentences of the texts, in the order of the texts, as many as the budget holds.

    A sentence is taken if its similarity to everything taken before is below `redundancy`.

    Args:
        texts: what is summarized together.
        budget: tokens at most.
        focus: words that a summary should be about, such as the titles of the texts; sentences
            like it, and sentences like those, come first.
        redundancy: 1 keeps repetitions, 0 takes only what shares no word.

    Raises:
        ValueError: if `budget` is negative.
    """
    found = [
        Excerpt(i, start, stop, " ".join(text[start:stop].split()))
        for i, text in enumerate(texts)
        for start, stop in prose_sentences(text)
    ]
    chosen = central([e.text for e in found], budget, focus, redundancy, count)
    return [found[i] for i in chosen]


def central(
    texts: Sequence[str],
    budget: int,
    focus: str = "",
    redundancy: float = 0.5,
    count: Count = count_words,
) -> list[int]:
    """Positions, ascending, of the central ones among short texts; see `summarize`.

    Raises:
        ValueError: if `budget` is negative.
    """
    if budget < 0:
        raise ValueError(f"budget is {budget}; it must be 0 or more")
    with_focus = similarity([*texts, focus])
    similar, bias = with_focus[:-1, :-1], with_focus[-1, :-1]
    rank = centrality(similar, bias, damping=0.5 if bias.any() else 0.85)
    taken: list[int] = []
    for i in sorted(range(len(texts)), key=lambda i: -round(float(rank[i]), 12)):
        size = count(texts[i])
        if size <= budget and all(similar[i, j] < redundancy for j in taken):
            taken.append(i)
            budget -= size
    return sorted(taken)
