"""Takes the best place of a document instead of the sum."""


def reciprocal_rank_fusion(rankings, k=60):
    if not 0 <= k < math.inf:
        raise ValueError(f"k is {k}")
    total = {}
    for ranking in rankings:
        for place, (id, _) in enumerate(ranking, start=1):
            total[id] = max(total.get(id, 0.0), 1 / (k + place))
    return ranked(total)
