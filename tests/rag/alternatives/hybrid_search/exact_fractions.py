"""Exact fractions for the sums, document by document, and one sort with the tie in the key."""

import statistics
from fractions import Fraction


def min_max(scores):
    if not all(map(math.isfinite, scores)):
        raise ValueError(f"scores must be finite: {scores}")
    exact = [Fraction(score) for score in scores]
    spread = max(exact, default=0) - min(exact, default=0)
    return [float((x - min(exact)) / spread) if spread else 1.0 for x in exact]


def z_score(scores):
    if not all(map(math.isfinite, scores)):
        raise ValueError(f"scores must be finite: {scores}")
    if len(set(scores)) < 2:
        return [0.0 for _ in scores]
    mean = statistics.mean(map(Fraction, scores))
    deviation = statistics.pstdev(map(Fraction, scores))
    return [float(Fraction(score) - mean) / float(deviation) for score in scores]


def by_score(sums):
    met = {id: number for number, id in enumerate(sums)}
    pairs = [(id, round(float(score), 9)) for id, score in sums.items()]
    return sorted(pairs, key=lambda pair: (-pair[1], met[pair[0]]))


def weighted_sum(keyword, vector, weight, how):
    normalize = {"min_max": min_max, "z_score": z_score}.get(how)
    if normalize is None:
        raise ValueError(f"how={how!r}")
    if math.isnan(weight) or weight < 0 or weight > 1:
        raise ValueError(f"weight={weight}")
    for name, side in {"keyword": keyword, "vector": vector}.items():
        if len(dict(side)) != len(side):
            raise ValueError(f"{name} has repeated ids")
    if weight == 0:
        vector = []
    if weight == 1:
        keyword = []
    tables = []
    for side in (keyword, vector):
        values = normalize([score for _, score in side])
        lowest = min(values) if values and how == "z_score" else 0.0
        tables.append((dict(zip(dict(side), values)), lowest))
    (left, left_lowest), (right, right_lowest) = tables
    share = Fraction(weight)
    return by_score(
        {
            id: share * Fraction(right.get(id, right_lowest))
            + (1 - share) * Fraction(left.get(id, left_lowest))
            for id in {**left, **right}
        }
    )


def reciprocal_rank_fusion(rankings, k=60):
    if k < 0:
        raise ValueError(f"k={k}")
    sums = {}
    for ranking in rankings:
        for place in range(len(ranking)):
            id = ranking[place][0]
            sums[id] = sums.get(id, Fraction(0)) + 1 / (Fraction(k) + place + 1)
    return by_score(sums)
