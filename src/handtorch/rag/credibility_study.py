"""A simulation: which of several sources to show first, when only what is shown gets feedback.

Every question is answered by the same number of sources, whose relevance scores are drawn at
random, and each source is right with a probability of its own. One source is shown a round, and
its feedback arrives, sometimes wrong. Nothing in here is a measurement of a real system: it shows
what a rule for learning credibility does under assumptions that are all in the arguments.
"""

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np

from handtorch.rag.credibility import Beta, Credibility

Policy = Literal["relevance", "mean", "thompson", "known"]


def share_right(
    reliabilities: Sequence[float],
    policy: Policy,
    *,
    rounds: int,
    noise: float = 0.0,
    repeats: int = 100,
    prior: Beta | None = None,
    strength: float = 4.0,
    seed: int = 0,
) -> list[float]:
    """The share of right answers in each fifth of the rounds, averaged over the repeats.

    Args:
        reliabilities: how often each source is right.
        policy: rank by "relevance" alone, by relevance times the posterior "mean", by a draw from
            the posterior ("thompson"), or by the "known" reliabilities, the best one can do.
        rounds: how many questions, at least 5.
        noise: how often feedback says the opposite of the truth.
        prior: of each source; by default Beta(1, 1).
        strength: exponent of the credibility.

    Raises:
        ValueError: if `policy` is none of these, `rounds` is below 5, or `noise` is not within
            0 and 1.
    """
    if policy not in get_args(Policy):
        raise ValueError(f"policy is {policy!r}; it must be one of {', '.join(get_args(Policy))}")
    if rounds < 5:
        raise ValueError(f"rounds is {rounds}; it must be 5 or more")
    if not 0 <= noise <= 1:
        raise ValueError(f"noise is {noise}; it must be within 0 and 1")
    names = [f"source {i}" for i in range(len(reliabilities))]
    of = dict(zip(names, names))
    right = np.zeros(rounds)
    for repeat in range(repeats):
        generator = np.random.default_rng([seed, repeat])
        credibility = Credibility(prior or Beta(1, 1))
        for i in range(rounds):
            relevance = generator.uniform(0.5, 1, len(names)).tolist()
            ranking = sorted(zip(names, relevance), key=lambda item: -item[1])
            if policy == "mean":
                ranking = credibility.rerank(ranking, of, strength)
            elif policy == "thompson":
                ranking = credibility.thompson(ranking, of, generator, strength)
            elif policy == "known":
                best = {n: s * p**strength for n, s, p in zip(names, relevance, reliabilities)}
                ranking = sorted(best.items(), key=lambda item: -item[1])
            shown = ranking[0][0]
            held = bool(generator.random() < reliabilities[names.index(shown)])
            credibility.record(shown, held != bool(generator.random() < noise))
            right[i] += held / repeats
    return [float(part.mean()) for part in np.array_split(right, 5)]
