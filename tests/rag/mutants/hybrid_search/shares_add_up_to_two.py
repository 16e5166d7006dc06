"""Adds both sides in full where the weight is a half."""


def weighted_sum(keyword, vector, weight, how):
    if not 0 <= weight <= 1:
        raise ValueError(f"weight is {weight}")
    if how not in ("min_max", "z_score"):
        raise ValueError(f"how is {how!r}")
    for name, ranking in (("keyword", keyword), ("vector", vector)):
        if len({id for id, _ in ranking}) < len(ranking):
            raise ValueError(f"{name} holds an id twice")
    parts = [
        (r, share) for r, share in ((keyword, 2 - 2 * weight), (vector, 2 * weight)) if share > 0
    ]
    total = {id: 0.0 for ranking, _ in parts for id, _ in ranking}
    for ranking, share in parts:
        scores = [score for _, score in ranking]
        values = min_max(scores) if how == "min_max" else z_score(scores)
        absent = 0.0 if how == "min_max" else min(values, default=0.0)
        found = {id: value for (id, _), value in zip(ranking, values)}
        for id in total:
            total[id] += share * found.get(id, absent)
    return ranked(total)
