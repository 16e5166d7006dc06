"""BM25: the ranking of documents by the words they share with a query.

A term t of the query gives a document of length L, in which it occurs f times,

    idf(t) * f / (f + k1 * (1 - b + b * L / mean L)),

more for a rare term (idf), with diminishing returns in f (k1), and less in a long document (b).
All of that but the query is known when the index is built, so the numbers are computed once and
stored by term, as compressed sparse columns: a query adds up a few columns (lu2024bm25s).

The variants are those of kamphuis2020: `lucene` as Lucene scores (idf never below 0), `robertson`
(robertson2009; idf cut at 0), `atire`, and the two of lv2011 and lv2011bm25l that keep long
documents from falling behind, `bm25+` and `bm25l`. Their delta is given to documents that
contain the term, as in those papers. `lucene` and `robertson` leave out the factor k1 + 1, which
is the same for all documents.

What this leaves out: adding and deleting documents (`incremental`, `keyword_store`), fields, and
phrases.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from handtorch.rag.dense import Ranking, check_k, top_k
from handtorch.rag.text import Passages, ids_and_texts, words

Variant = Literal["lucene", "robertson", "atire", "bm25+", "bm25l"]
Floats = NDArray[np.float64]
Ints = NDArray[np.integer[Any]]
DELTA = {"bm25+": 1.0, "bm25l": 0.5}


class BM25:
    """An index of documents by their terms.

    Args:
        documents: a mapping from id to text, (id, text) pairs, or Documents or Chunks.
        k1: how soon more occurrences of a term stop to count, at least 0; at 0 one is as good as
            many.
        b: how much a document's length counts, from 0 (not) to 1 (in proportion).
        variant: "lucene", "robertson", "atire", "bm25+" or "bm25l".
        delta: what a document gets at least for a term it contains, in "bm25+" (by default 1)
            and "bm25l" (0.5).
        tokenize: what turns a text into terms.

    Raises:
        ValueError: if a number or the variant is not allowed, or an id occurs twice.
    """

    def __init__(
        self,
        documents: Passages,
        k1: float = 1.5,
        b: float = 0.75,
        variant: Variant = "lucene",
        *,
        delta: float | None = None,
        tokenize: Callable[[str], list[str]] = words,
    ) -> None:
        _check(k1, b, variant, delta)
        self.k1, self.b, self.variant, self.tokenize = k1, b, variant, tokenize
        self.delta = DELTA.get(variant, 0.0) if delta is None else delta
        self.ids, texts = ids_and_texts(documents)
        self.vocabulary, lengths, terms, docs, counts = _count(texts, tokenize)
        self.document_frequency = np.bincount(terms, minlength=len(self.vocabulary))
        # Term t's column is starts[t] : starts[t + 1] of the two arrays.
        self._starts = [0, *np.cumsum(self.document_frequency).tolist()]
        self._documents = docs
        self._values = self._idf()[terms] * self._saturation(counts, lengths, docs)

    def __len__(self) -> int:
        return len(self.ids)

    def idf(self, term: str) -> float:
        """How much a term tells, by the rule of the variant; 0 for a term of no document."""
        t = self.vocabulary.get(term)
        return 0.0 if t is None else float(self._idf()[t])

    def scores(self, query: str | Mapping[str, float]) -> Floats:
        """(n,): the score of every document, 0 for those without a term of the query.

        Args:
            query: a text, whose repeated terms count as often as they occur, or the weight of
                each term.
        """
        weights = Counter(self.tokenize(query)) if isinstance(query, str) else query
        total = np.zeros(len(self))
        for term, weight in weights.items():
            t = self.vocabulary.get(term)
            if t is not None:
                column = slice(self._starts[t], self._starts[t + 1])
                values = self._values[column]
                # add.at costs a third of `total[...] += ...`, which copies 32-bit positions first.
                np.add.at(
                    total, self._documents[column], values if weight == 1 else weight * values
                )
        return total

    def search(self, query: str | Mapping[str, float], k: int = 10) -> Ranking:
        """The k best documents as (id, score), of those with a score above 0.

        A query without terms, or with none that the documents contain, finds nothing.

        Raises:
            ValueError: if k < 1.
        """
        check_k(k)
        scores = self.scores(query)
        best = [(i, float(scores[i])) for i in top_k(scores, k)]
        return [(self.ids[i], score) for i, score in best if score > 0]

    def _idf(self) -> Floats:
        """(V,): how much each term tells; never below 0."""
        N, n = len(self), self.document_frequency
        ratio = {
            "lucene": 1 + (N - n + 0.5) / (n + 0.5),
            "robertson": np.maximum(1.0, (N - n + 0.5) / (n + 0.5)),
            "atire": N / n,
            "bm25+": (N + 1) / n,
            "bm25l": (N + 1) / (n + 0.5),
        }
        return np.asarray(np.log(ratio[self.variant]))

    def _saturation(self, f: Ints, lengths: Ints, docs: Ints) -> Floats:
        """(nnz,): what f occurrences count in their document."""
        if len(docs) == 0:
            return np.zeros(0)
        k1, delta = self.k1, self.delta
        B: Floats = (1 - self.b + self.b * lengths / lengths.mean())[docs]
        if self.variant in ("lucene", "robertson"):
            return f / (f + k1 * B)
        if self.variant == "bm25l":
            return (k1 + 1) * (f / B + delta) / (k1 + f / B + delta)
        return (k1 + 1) * f / (f + k1 * B) + delta


class _Vocabulary(dict[str, int]):
    """A dictionary that numbers each key when it is first asked for."""

    def __missing__(self, term: str) -> int:
        self[term] = number = len(self)
        return number


def _count(
    texts: list[str], tokenize: Callable[[str], list[str]]
) -> tuple[dict[str, int], Ints, Ints, Ints, Ints]:
    """Number the terms and count them, in one pass over the texts and one sort.

    Returns:
        the vocabulary; the (n,) lengths of the documents; and, ordered by term and then by
        document, the (nnz,) terms, documents and counts of the pairs that occur.
    """
    vocabulary, lengths = _Vocabulary(), []

    def tokenized() -> Iterator[list[str]]:
        for text in texts:
            tokens = tokenize(text)
            lengths.append(len(tokens))
            yield tokens

    stream = map(vocabulary.__getitem__, chain.from_iterable(tokenized()))
    occurrences = np.fromiter(stream, dtype=np.int64)
    # Term and document in one integer: sorting these brings equal pairs together.
    bits = max(1, len(texts)).bit_length()
    occurrences <<= bits
    occurrences |= np.repeat(np.arange(len(texts)), lengths)
    occurrences.sort()
    first = np.flatnonzero(np.diff(occurrences, prepend=-1))
    counts = np.diff(first, append=len(occurrences))
    pairs = occurrences[first]
    documents = (pairs & ((1 << bits) - 1)).astype(np.int32)
    return dict(vocabulary), np.array(lengths), pairs >> bits, documents, counts


def _check(k1: float, b: float, variant: str, delta: float | None) -> None:
    if not (k1 >= 0 and math.isfinite(k1)):
        raise ValueError(f"k1 is {k1}; it must be 0 or more")
    if not 0 <= b <= 1:
        raise ValueError(f"b is {b}; it must be from 0 to 1")
    if variant not in get_args(Variant):
        raise ValueError(
            f"variant is {variant!r}; it must be one of {', '.join(get_args(Variant))}"
        )
    if delta is not None and (variant not in DELTA or not 0 <= delta < math.inf):
        raise ValueError(f"delta is {delta}; it must be 0 or more, and only for bm25+ and bm25l")
