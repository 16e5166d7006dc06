"""When to answer and how sure to be: risk and coverage, a fitted confidence, its calibration.

A system that may refuse trades coverage (the share of questions it answers) against risk (the
share of its answers that are wrong). Sorting the questions by a confidence gives the whole curve,
and a threshold is chosen on it, on questions that are not used again (geifman2017). The order is
all that this needs. A number shown to a reader needs more: of the answers given at 0.8, eight in
ten should be right. `fit_confidence` turns signals (scores, margins, coverage) into such a
probability by logistic regression (platt1999); `reliability` and `expected_calibration_error`
check it against outcomes (guo2017).

What this leaves out: guarantees that hold for finite samples, as conformal methods give.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Confidence:
    """A logistic model: 1 / (1 + exp(-(z . weights + bias))), z the standardized signals."""

    weights: Floats
    bias: float
    center: Floats
    scale: Floats

    def __call__(self, signals: Floats | Sequence[Sequence[float]]) -> Floats:
        """Signals (n, d) -> probabilities (n,).

        Raises:
            ValueError: the signals have not d columns.
        """
        x = np.asarray(signals, dtype=np.float64)
        if x.ndim != 2 or x.shape[1] != len(self.weights):
            raise ValueError(f"signals has shape {x.shape}; it must be (n, {len(self.weights)})")
        logits = ((x - self.center) / self.scale) @ self.weights + self.bias
        return np.asarray(0.5 * (1 + np.tanh(logits / 2)))  # the sigmoid, without overflow


def retrieval_signals(
    keyword: Sequence[tuple[str, float]], dense: Sequence[tuple[str, float]], coverage: float
) -> list[float]:
    """What two rankings of one question say about it, before anything is generated.

    Args:
        keyword: a ranking by keywords.
        dense: a ranking by vectors, its scores cosines.
        coverage: the share of the question's weight that the best passage holds.

    Returns:
        The coverage; the best cosine; the margin of the first over the second by keywords, as a
        share of the first; the share of the ten best that the two rankings have in common.
    """
    first, second = ([score for _, score in keyword[:2]] + [0.0, 0.0])[:2]
    margin = (first - second) / first if first > 0 else 0.0
    common = {id for id, _ in keyword[:10]} & {id for id, _ in dense[:10]}
    return [coverage, dense[0][1] if dense else 0.0, margin, len(common) / 10]


def fit_confidence(
    signals: Floats | Sequence[Sequence[float]], correct: Sequence[bool], *, ridge: float = 1.0
) -> Confidence:
    """Fit the probability of a correct answer to signals, by Newton's method.

    Minimizes the sum of the log losses plus ridge / 2 times the squared weights (of standardized
    signals; the bias is free). The ridge keeps the weights finite where a few questions are
    separable by chance.

    Args:
        signals: (n, d).
        correct: n outcomes, both kinds among them.

    Raises:
        ValueError: shapes do not fit, a signal is not finite, all outcomes are alike, ridge <= 0.
    """
    x, y = np.asarray(signals, dtype=np.float64), np.asarray(correct, dtype=np.float64)
    if x.ndim != 2 or len(x) != len(y) or not np.isfinite(x).all():
        raise ValueError(f"signals must be finite and (n, d) for n = {len(y)}; got {x.shape}")
    if y.min(initial=1) == y.max(initial=0):
        raise ValueError("correct must hold both right and wrong outcomes")
    if ridge <= 0:
        raise ValueError(f"ridge is {ridge}; it must be above 0")
    center, scale = x.mean(axis=0), x.std(axis=0)
    scale[scale == 0] = 1.0
    z = np.column_stack([(x - center) / scale, np.ones(len(x))])  # (n, d + 1)
    penalty = np.diag([ridge] * x.shape[1] + [0.0])
    w = np.zeros(z.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(z @ w, -500, 500)))
        gradient = z.T @ (p - y) + penalty @ w
        step = np.linalg.solve(z.T @ (z * (p * (1 - p))[:, None]) + penalty, gradient)
        w = w - step
        if np.abs(step).max() < 1e-10:
            break
    return Confidence(w[:-1], float(w[-1]), center, scale)


def risk_coverage(
    confidence: Sequence[float], correct: Sequence[bool]
) -> list[tuple[float, float, float]]:
    """The curve: (threshold, coverage, risk) for every threshold that answers something.

    Answered is what has at least the threshold, so that equal confidences stand or fall together.

    Example: ``[0.9, 0.5, 0.5], [True, True, False]`` -> ``[(0.9, 1/3, 0), (0.5, 1, 1/3)]``

    Raises:
        ValueError: the two differ in length or are empty.
    """
    c, right = _pair(confidence, correct)
    curve = []
    for threshold in sorted(set(c.tolist()), reverse=True):
        answered = c >= threshold
        curve.append((threshold, float(answered.mean()), float(1 - right[answered].mean())))
    return curve


def choose_threshold(
    confidence: Sequence[float], correct: Sequence[bool], *, max_risk: float
) -> float:
    """The lowest threshold whose risk is at most `max_risk`: the one that answers most.

    Returns:
        The threshold; infinity (answer nothing) if none keeps the risk.

    Raises:
        ValueError: `max_risk` is not in [0, 1], or as for `risk_coverage`.
    """
    if not 0 <= max_risk <= 1:
        raise ValueError(f"max_risk is {max_risk}; it must lie in [0, 1]")
    curve = risk_coverage(confidence, correct)
    return min((t for t, _, risk in curve if risk <= max_risk), default=float("inf"))


def best_threshold(scores: Sequence[float], positive: Sequence[bool]) -> float:
    """The threshold that decides most cases right, "yes" from it on; the strictest of equals.

    Example: ``[0.2, 0.6, 0.9], [False, True, True]`` -> ``0.6``

    Returns:
        One of the scores, or infinity where it is best to say no to everything.

    Raises:
        ValueError: as for `risk_coverage`.
    """
    s, yes = _pair(scores, positive)
    candidates: list[float] = [float("inf"), *sorted(set(s.tolist()), reverse=True)]
    return max(candidates, key=lambda t: int(((s >= t) == (yes == 1)).sum()))


def reliability(
    probability: Sequence[float], correct: Sequence[bool], bins: int = 5
) -> list[tuple[float, float, int]]:
    """(mean probability, share correct, how many) of each bin of equal width that is not empty.

    Raises:
        ValueError: bins < 1, a probability is outside [0, 1], or as for `risk_coverage`.
    """
    p, right = _pair(probability, correct)
    if bins < 1:
        raise ValueError(f"bins is {bins}; it must be at least 1")
    if p.min() < 0 or p.max() > 1:
        raise ValueError(f"probability reaches {p.min()} to {p.max()}; it must lie in [0, 1]")
    at = np.minimum((p * bins).astype(int), bins - 1)
    inside = [at == i for i in range(bins) if (at == i).any()]
    return [(float(p[m].mean()), float(right[m].mean()), int(m.sum())) for m in inside]


def expected_calibration_error(
    probability: Sequence[float], correct: Sequence[bool], bins: int = 5
) -> float:
    """The mean gap between probability and share correct, bins weighted by their size.

    Raises:
        ValueError: as for `reliability`.
    """
    curve = reliability(probability, correct, bins)
    return sum(abs(p - share) * n for p, share, n in curve) / len(probability)


def brier_score(probability: Sequence[float], correct: Sequence[bool]) -> float:
    """The mean squared difference between the probability and the outcome, 0 or 1.

    Raises:
        ValueError: as for `risk_coverage`.
    """
    p, right = _pair(probability, correct)
    return float(((p - right) ** 2).mean())


def _pair(confidence: Sequence[float], correct: Sequence[bool]) -> tuple[Floats, Floats]:
    c, right = np.asarray(confidence, dtype=np.float64), np.asarray(correct, dtype=np.float64)
    if c.shape != right.shape or c.ndim != 1 or c.size == 0 or not np.isfinite(c).all():
        raise ValueError(
            f"confidence {c.shape} and correct {right.shape} must be finite, of one length, not 0"
        )
    return c, right
