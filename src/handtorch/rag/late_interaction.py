"""Late interaction (ColBERT, khattab2020): a vector for every token, compared only at the end.

The score of a passage is, summed over the query's tokens, the similarity of the passage's token
that comes nearest:

    s(q, d) = sum_i max_j  q_i . d_j          (MaxSim)

Passages can be encoded before any question is known, as for one vector a passage, and yet each
word of the question looks for its own match, as in a cross-encoder. The price is the store: one
vector a token.

`TokenEncoder` makes token vectors out of any encoder of texts: each distinct word's own vector,
mixed with those of its neighbors. ColBERT's come from a fine-tuned BERT and know their context far
better. Left out: ColBERT's [MASK] augmentation of short queries, compressed vectors (ColBERTv2),
and search without a first stage.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from handtorch.rag.text import words

Vectors = NDArray[np.float64]
Encode = Callable[[Sequence[str]], NDArray[np.floating]]


def max_sim(query: Vectors, passage: Vectors, weights: Vectors | None = None) -> float:
    """The sum over query tokens of the best dot product: (m, d), (n, d) -> a number.

    Args:
        query, passage: one row a token; for cosines, rows of length one.
        weights: one factor a query token, for instance its rarity; 1 if None.

    Without tokens on either side the score is 0.

    Raises:
        ValueError: if the sizes differ, or a vector holds a NaN.
    """
    if not len(query) or not len(passage):
        return 0.0
    if query.shape[-1] != passage.shape[-1]:
        raise ValueError(f"passage has size {passage.shape[-1]}; the query's is {query.shape[-1]}")
    if np.isnan(query).any() or np.isnan(passage).any():
        raise ValueError("query or passage holds NaN; every component must be a number")
    best = (query @ passage.T).max(axis=1)  # (m, n) -> (m,)
    return float(best.sum() if weights is None else best @ weights)


def max_sim_many(query: Vectors, tokens: Vectors, starts: Sequence[int]) -> Vectors:
    """MaxSim of one query with many passages at once: one product, one segmented maximum.

    Args:
        query: (m, d).
        tokens: all passages' tokens one after the other, (N, d).
        starts: where each passage begins in `tokens`, strictly rising, the first at 0.

    Returns:
        one score a passage.

    Raises:
        ValueError: if a passage is empty or `starts` does not begin at 0.
    """
    bounds = [*starts, len(tokens)]
    if not starts or bounds[0] != 0 or any(a >= b for a, b in zip(bounds, bounds[1:])):
        raise ValueError(f"starts is {list(starts)[:5]}; it must begin at 0 and rise strictly")
    similarity = query @ tokens.T  # (m, N)
    found: Vectors = np.maximum.reduceat(similarity, np.asarray(starts), axis=1).sum(axis=0)
    return found


class TokenEncoder:
    """Token vectors from an encoder of texts.

    Args:
        encode: texts -> (n, d) vectors, called once for each distinct word.
        context: how much of the mean of the two neighbors is added to a word's own vector.

    Raises:
        ValueError: if `context` is negative.
    """

    def __init__(self, encode: Encode, context: float = 0.0) -> None:
        if context < 0:
            raise ValueError(f"context is {context}; it must be 0 or more")
        self.encode, self.context = encode, context
        self._known: dict[str, Vectors] = {}

    def knows(self, word: str) -> bool:
        """Whether a word that was met has a vector other than zero."""
        return bool(self._known[word].any())

    def __call__(self, text: str) -> Vectors:
        """The text's words as rows of length one, (n, d); a word without a vector is left out."""
        tokens = words(text)
        if new := [word for word in dict.fromkeys(tokens) if word not in self._known]:
            self._known.update(zip(new, np.asarray(self.encode(new), dtype=np.float64)))
        rows = [self._known[word] for word in tokens if self.knows(word)]
        if not rows:
            return np.zeros((0, 0))
        x = np.stack(rows)
        around = np.zeros_like(x)
        around[1:] += x[:-1] / 2
        around[:-1] += x[1:] / 2
        x = x + self.context * around
        unit: Vectors = x / np.linalg.norm(x, axis=1, keepdims=True)
        return unit


class MaxSimScorer:
    """Scores passages by MaxSim over the token vectors of an encoder of texts.

    Args:
        encode_query, encode_passage: texts -> (n, d), called for single words.
        weight: of a query word; 1 for each if None. ColBERT's encoder learns which tokens matter;
            ours does not, and the rarity of a word stands in for that.
    """

    def __init__(
        self, encode_query: Encode, encode_passage: Encode, weight: Callable[[str], float] | None
    ) -> None:
        self.query, self.passage = TokenEncoder(encode_query), TokenEncoder(encode_passage)
        self.weight = weight

    def scores(self, query: str, passages: Sequence[str]) -> list[float]:
        """One score a passage."""
        q = self.query(query)
        known = [word for word in words(query) if self.query.knows(word)]
        weights = None if self.weight is None else np.array([self.weight(word) for word in known])
        return [max_sim(q, self.passage(passage), weights) for passage in passages]
