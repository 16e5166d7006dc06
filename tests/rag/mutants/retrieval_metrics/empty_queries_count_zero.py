"""Scores queries without a relevant document 0 instead of leaving them out."""


def mean_over_queries(metric, rankings, judgments):
    values = []
    for query, grades in judgments.items():
        wanted = {id for id, grade in grades.items() if grade > 0}
        ranked = list(dict.fromkeys(rankings.get(query, [])))
        values.append(metric(ranked, wanted) if wanted else 0.0)
    if not any(grade > 0 for grades in judgments.values() for grade in grades.values()):
        raise ValueError("judgments has no query with a relevant document")
    return sum(values) / len(values)
