"""Plain loops, insertion into the sorted result, lists instead of tuples."""


def spread_of(scores):
    low = high = None
    for score in scores:
        if score - score != 0:  # infinite or NaN
            raise ValueError(f"one of the scores is {score}")
        low = score if low is None or score < low else low
        high = score if high is None or score > high else high
    return low, high


def min_max(scores):
    low, high = spread_of(scores)
    return [1.0 if low == high else 1.0 - (high - score) / (high - low) for score in scores]


def z_score(scores):
    low, high = spread_of(scores)
    if low == high:
        return [0.0] * len(scores)
    n = len(scores)
    mean = sum(score / n for score in scores)
    length = math.sqrt(sum((score - mean) * (score - mean) for score in scores))
    return [(score - mean) * math.sqrt(n) / length for score in scores]


def insert_by_score(ids, sums):
    out = []
    for id in ids:
        score = round(sums[id], 9)
        place = len(out)
        while place > 0 and out[place - 1][1] < score:
            place -= 1
        out.insert(place, [id, score])
    return out


def add_side(ids, sums, side, share, how):
    values = min_max([s for _, s in side]) if how == "min_max" else z_score([s for _, s in side])
    if not side:
        return
    absent = 0.0 if how == "min_max" else min(values)
    mine = {}
    for (id, _), value in zip(side, values):
        mine[id] = value
    for id in ids:
        sums[id] = sums.get(id, 0.0) + share * mine.get(id, absent)


def weighted_sum(keyword, vector, weight, how):
    if how != "min_max" and how != "z_score":
        raise ValueError("how is unknown")
    if not (weight >= 0 and weight <= 1):
        raise ValueError("weight is out of range")
    sides = {"keyword": keyword, "vector": vector}
    shares = {"keyword": 1 - weight, "vector": weight}
    ids = []
    for name, side in sides.items():
        here = []
        for id, _ in side:
            if id in here:
                raise ValueError(f"{name}: {id} stands twice")
            here.append(id)
            if shares[name] and id not in ids:
                ids.append(id)
    sums = dict.fromkeys(ids, 0.0)
    for name in ("vector", "keyword"):
        if shares[name]:
            add_side(ids, sums, sides[name], shares[name], how)
    return insert_by_score(ids, sums)


def reciprocal_rank_fusion(rankings, k=60):
    if k < 0:
        raise ValueError("k is negative")
    ids = []
    for ranking in rankings:
        ids += [id for id, _ in ranking if id not in ids]
    sums = {}
    for id in ids:
        places = [[name for name, _ in ranking] for ranking in rankings]
        held = [names.index(id) + 1 for names in places if id in names]
        sums[id] = sum(1.0 / (place + k) for place in reversed(held))
    return insert_by_score(ids, sums)
