"""Sorts each ranking by score again, by which equal ones share a place."""


def reciprocal_rank_fusion(rankings, k=60):
    if not 0 <= k < math.inf:
        raise ValueError(f"k is {k}")
    total = {}
    for ranking in rankings:
        scores = [score for _, score in ranking]
        for id, score in ranking:
            place = 1 + sum(other > score for other in scores)
            total[id] = total.get(id, 0.0) + 1 / (k + place)
    return ranked(total)
