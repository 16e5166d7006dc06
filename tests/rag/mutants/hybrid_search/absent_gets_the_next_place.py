"""Gives an absent document the place behind the last one."""


def reciprocal_rank_fusion(rankings, k=60):
    if not 0 <= k < math.inf:
        raise ValueError(f"k is {k}")
    total = {}
    for ranking in rankings:
        for place, (id, _) in enumerate(ranking, start=1):
            total[id] = total.get(id, 0.0) + 1 / (k + place)
    for ranking in rankings:
        for id in total:
            if id not in dict(ranking):
                total[id] += 1 / (k + len(ranking) + 1)
    return ranked(total)
