"""How far a document can be trusted, learned from whether its answers held.

Each document has an unknown probability that an answer which rests on it is right. Feedback (a
reader's vote, a citation that passed the check, a fact that a better source confirms) is a coin
thrown with that probability. With a Beta(a, b) prior, s successes and f failures make it
Beta(a + s, b + f): the mean is the score, its spread says how much is known, and old feedback
fades if counts are multiplied by a factor below 1 (josang2002).

What this leaves out: documents that lend each other credibility, as in truth discovery (yin2008),
feedback that is wrong in a systematic way, and attacks. Feedback exists only for what was shown:
ranking by the mean alone never learns about the rest, hence the sampling of `thompson`.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from handtorch.rag.dense import Ranking


@dataclass(frozen=True)
class Beta:
    """A Beta distribution with parameters `a` and `b`, both above 0."""

    a: float
    b: float

    def __post_init__(self) -> None:
        if not (self.a > 0 and self.b > 0):
            raise ValueError(f"a is {self.a} and b {self.b}; both must be above 0")

    @property
    def mean(self) -> float:
        """The expected probability, ``a / (a + b)``."""
        return self.a / (self.a + self.b)

    def cdf(self, x: float) -> float:
        """The probability of at most `x`: the regularized incomplete beta function."""
        if x <= 0 or x >= 1:
            return float(x > 0)
        log_front = (
            math.lgamma(self.a + self.b)
            - math.lgamma(self.a)
            - math.lgamma(self.b)
            + self.a * math.log(x)
            + self.b * math.log1p(-x)
        )
        if x < (self.a + 1) / (self.a + self.b + 2):  # where the fraction converges quickly
            return math.exp(log_front) * _fraction(self.a, self.b, x) / self.a
        return 1 - math.exp(log_front) * _fraction(self.b, self.a, 1 - x) / self.b

    def quantile(self, p: float) -> float:
        """The value that is exceeded with probability ``1 - p``, by bisection.

        Raises:
            ValueError: if `p` is not within 0 and 1.
        """
        if not 0 <= p <= 1:
            raise ValueError(f"p is {p}; it must be within 0 and 1")
        low, high = 0.0, 1.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if self.cdf(middle) < p else (low, middle)
        return (low + high) / 2

    def interval(self, mass: float = 0.95) -> tuple[float, float]:
        """The central interval that holds `mass` of the probability."""
        return self.quantile((1 - mass) / 2), self.quantile((1 + mass) / 2)


class Credibility:
    """A Beta distribution for each document.

    Args:
        prior: what is believed of a document without feedback. By default Beta(4, 1), which
            expects 4 of 5 answers to hold and is worth five observations.
        fade: what earlier feedback on a document is multiplied by when new feedback on it
            arrives; 1 forgets nothing, 0.9 remembers about ten.

    Raises:
        ValueError: if `fade` is not above 0 and at most 1.
    """

    def __init__(self, prior: Beta | None = None, fade: float = 1.0) -> None:
        if not 0 < fade <= 1:
            raise ValueError(f"fade is {fade}; it must be above 0 and at most 1")
        self.prior, self.fade = prior or Beta(4, 1), fade
        self.counts: dict[str, tuple[float, float]] = {}

    def record(self, document: str, held: bool, weight: float = 1.0) -> None:
        """Take in one piece of feedback: whether an answer resting on `document` held.

        Args:
            weight: below 1 for a weak sign, such as a click.

        Raises:
            ValueError: if `weight` is negative.
        """
        if not weight >= 0:
            raise ValueError(f"weight is {weight}; it must be 0 or more")
        held_before, failed_before = self.counts.get(document, (0.0, 0.0))
        self.counts[document] = (
            self.fade * held_before + weight * held,
            self.fade * failed_before + weight * (not held),
        )

    def belief(self, document: str) -> Beta:
        """What is known about `document`; the prior if nothing is."""
        held, failed = self.counts.get(document, (0.0, 0.0))
        return Beta(self.prior.a + held, self.prior.b + failed)

    def rerank(self, ranking: Ranking, of: Mapping[str, str], strength: float = 1.0) -> Ranking:
        """Scores times ``mean ** strength``: what is not credible sinks, what is unknown hardly.

        Args:
            ranking: (id, score) with scores of at least 0, best first.
            of: the document of each id.
            strength: 0 changes nothing.

        Raises:
            ValueError: if a score is negative, for a product would raise it.
        """
        means = {document: self.belief(document).mean for document in of.values()}
        return _sorted((id, score * means[of[id]] ** strength) for id, score in _checked(ranking))

    def thompson(
        self,
        ranking: Ranking,
        of: Mapping[str, str],
        generator: np.random.Generator,
        strength: float = 1.0,
    ) -> Ranking:
        """As `rerank`, with a draw from each document's distribution instead of its mean.

        A document about which little is known is now and then drawn high and shown, which is how
        one learns about it.
        """
        drawn = dict.fromkeys(of.values(), 0.0)
        for document in drawn:
            belief = self.belief(document)
            drawn[document] = float(generator.beta(belief.a, belief.b))
        return _sorted((id, score * drawn[of[id]] ** strength) for id, score in _checked(ranking))


def _fraction(a: float, b: float, x: float) -> float:
    """Lentz's evaluation of the continued fraction of the incomplete beta function."""
    tiny = 1e-300
    c, d = 1.0, 1.0 / max(abs(1 - (a + b) * x / (a + 1)), tiny)
    value = d
    for m in range(1, 300):
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / ((1 + numerator * d) or tiny)
            c = (1 + numerator / c) or tiny
            value *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return value


def _checked(ranking: Ranking) -> Ranking:
    for id, score in ranking:
        if not score >= 0:
            raise ValueError(f"the score of {id!r} is {score}; it must be 0 or more")
    return ranking


def _sorted(scored: Iterable[tuple[str, float]]) -> Ranking:
    return sorted(scored, key=lambda item: -item[1])
