"""Counts places from 0."""


def reciprocal_rank_fusion(rankings, k=60):
    if not 0 <= k < math.inf:
        raise ValueError(f"k is {k}")
    total = {}
    for ranking in rankings:
        for place, (id, _) in enumerate(ranking, start=0):
            total[id] = total.get(id, 0.0) + 1 / max(k + place, 1e-9)
    return ranked(total)
