"""A language model that trains in a second: interpolated n-grams with Witten and Bell's weights.

It is a real model: it gives every word a probability, they sum to 1, and they rise when a passage
that holds the words is at hand (`with_passages`). It is far too weak to write an answer. That
makes it good for one thing here: to show what a model's own confidence can be used for, without
pretending that a large model has run.

    P(w | h) = (c(h w) + T(h) P(w | h')) / (c(h) + T(h))

with c the counts, T(h) the number of different words seen after h, and h' the history without its
first word (witten1991). At the bottom stands 1 / V, one share of it for all unknown words.

What this leaves out: Kneser and Ney's discounting, which is better, and sampling.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence

_TOKEN = re.compile(r"[\u4e00-\u9fff]|[^\W\u4e00-\u9fff]+|[^\w\s]")
START = "<s>"


def tokens(text: str) -> list[str]:
    """Words, numbers, Chinese characters and marks, in lower case."""
    return _TOKEN.findall(text.lower())


class NgramModel:
    """Probabilities of the next token, given the one or two before it.

    Args:
        texts: what it is trained on; may be empty.
        order: 3 for trigrams; at least 1.

    Raises:
        ValueError: if `order` is below 1.
    """

    def __init__(self, texts: Iterable[str], order: int = 3) -> None:
        if order < 1:
            raise ValueError(f"order is {order}; it must be 1 or more")
        self.order = order
        self.counts: dict[tuple[str, ...], Counter[str]] = {}
        for text in texts:
            padded = [START] * (order - 1) + tokens(text)
            for i in range(order - 1, len(padded)):
                for n in range(order):
                    history = tuple(padded[i - n : i])
                    self.counts.setdefault(history, Counter())[padded[i]] += 1
        self.totals = {history: sum(counts.values()) for history, counts in self.counts.items()}
        self.vocabulary = set(self.counts.get((), ()))

    def probability(self, token: str, history: Sequence[str] = ()) -> float:
        """P(token | the last ``order - 1`` tokens of `history`), never 0."""
        p = 1 / (len(self.vocabulary) + 1)
        context = [START] * (self.order - 1) + list(history)
        for n in range(self.order):
            key = tuple(context[len(context) - n :])
            counts = self.counts.get(key)
            if counts:
                p = (counts[token] + len(counts) * p) / (self.totals[key] + len(counts))
        return p

    def probabilities(self, text: str, before: str = "") -> list[tuple[str, float]]:
        """Each token of `text` with its probability, given what stands before it."""
        history = tokens(before)[-self.order :]
        found = []
        for token in tokens(text):
            found.append((token, self.probability(token, history)))
            history.append(token)
        return found

    def bits(self, text: str) -> float:
        """What a token of `text` costs on average: the mean of ``-log2 P``; 0 without a token."""
        found = self.probabilities(text)
        return -sum(math.log2(p) for _, p in found) / max(len(found), 1)

    def guess(self, history: Sequence[str] = ()) -> str:
        """The most probable next token, by the longest history that was ever seen."""
        context = [START] * (self.order - 1) + list(history)
        for n in reversed(range(self.order)):
            counts = self.counts.get(tuple(context[len(context) - n :]))
            if counts:
                return max(counts, key=counts.__getitem__)
        return ""

    def with_passages(self, passages: Iterable[str], weight: float = 0.5) -> "PassageModel":
        """This model with passages at hand: a mixture with the n-grams of the passages.

        Args:
            weight: of the passages, from 0 to 1.

        Raises:
            ValueError: if `weight` is not within 0 and 1.
        """
        return PassageModel(self, passages, weight)


class PassageModel(NgramModel):
    """``(1 - weight) * P_base + weight * P_passages``: what reading a passage does here.

    A mixture of a trained model and a small one of what was just read is the cache model of
    kuhn1990. The n-grams of the passages back off to the base model instead of to 1 / V, and the
    words that only the passages hold share the base model's probability of an unknown word.
    """

    def __init__(self, base: NgramModel, passages: Iterable[str], weight: float) -> None:
        if not 0 <= weight <= 1:
            raise ValueError(f"weight is {weight}; it must be within 0 and 1")
        super().__init__(passages, base.order)
        self.base, self.weight = base, weight
        self.unknown = 1 + len(self.vocabulary - base.vocabulary)
        self.vocabulary |= base.vocabulary

    def probability(self, token: str, history: Sequence[str] = ()) -> float:
        """The mixed probability."""
        known = self.base.probability(token, history)
        if token not in self.base.vocabulary:
            known /= self.unknown
        p = known
        context = [START] * (self.order - 1) + list(history)
        for n in range(self.order):
            key = tuple(context[len(context) - n :])
            counts = self.counts.get(key)
            if counts:
                p = (counts[token] + len(counts) * p) / (self.totals[key] + len(counts))
        return (1 - self.weight) * known + self.weight * p
