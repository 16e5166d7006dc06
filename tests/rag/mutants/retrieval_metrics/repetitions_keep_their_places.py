"""Counts a repeated document once but leaves its other places standing."""


def average_precision(ranked, wanted):
    hits, total, seen = 0, 0.0, set()
    for i, id in enumerate(ranked, start=1):
        if id in wanted and id not in seen:
            hits += 1
            total += hits / i
        seen.add(id)
    return total / len(wanted)


def mean_over_queries(metric, rankings, judgments):
    values = []
    for query, grades in judgments.items():
        wanted = {id for id, grade in grades.items() if grade > 0}
        if wanted:
            values.append(metric(rankings.get(query, []), wanted))
    if not values:
        raise ValueError("judgments has no query with a relevant document")
    return sum(values) / len(values)


def ndcg_at_k(ranked, grades, k):
    relevant(grades, k)
    best = dcg(sorted(grades.values(), reverse=True)[:k])
    gains = [0 if id in ranked[:i] else grades.get(id, 0) for i, id in enumerate(ranked[:k])]
    return dcg(gains) / best
