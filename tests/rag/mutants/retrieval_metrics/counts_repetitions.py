"""Never takes repetitions out, so a document can be found twice."""


def recall_at_k(ranked, grades, k):
    wanted = relevant(grades, k)
    return sum(id in wanted for id in ranked[:k]) / len(wanted)


def precision_at_k(ranked, grades, k):
    wanted = relevant(grades, k)
    return sum(id in wanted for id in ranked[:k]) / k


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
    return dcg([grades.get(id, 0) for id in ranked[:k]]) / best
