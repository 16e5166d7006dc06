"""Takes the mean over the queries that have a ranking."""


def mean_over_queries(metric, rankings, judgments):
    values = []
    for query, ranked in rankings.items():
        wanted = {id for id, grade in judgments.get(query, {}).items() if grade > 0}
        if wanted:
            values.append(metric(list(dict.fromkeys(ranked)), wanted))
    if not values:
        raise ValueError("judgments has no query with a relevant document")
    return sum(values) / len(values)
