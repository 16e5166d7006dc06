"""Takes a negative k."""


def reciprocal_rank_fusion(rankings, k=60):
    total = {}
    for ranking in rankings:
        for place, (id, _) in enumerate(ranking, start=1):
            total[id] = total.get(id, 0.0) + 1 / (k + place)
    return ranked(total)
