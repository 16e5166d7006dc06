"""Multiplies each term by the score."""


def reciprocal_rank_fusion(rankings, k=60):
    if not 0 <= k < math.inf:
        raise ValueError(f"k is {k}")
    total = {}
    for ranking in rankings:
        for place, (id, score) in enumerate(ranking, start=1):
            total[id] = total.get(id, 0.0) + score / (k + place)
    return ranked(total)
