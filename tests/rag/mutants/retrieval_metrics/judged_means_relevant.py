"""Takes every judged document for relevant, also those with grade 0."""


def relevant(grades, k):
    if k < 1:
        raise ValueError(f"k is {k}; it must be 1 or more")
    if not any(grade > 0 for grade in grades.values()):
        raise ValueError("grades has no relevant document")
    return set(grades)


def mean_over_queries(metric, rankings, judgments):
    values = [
        metric(list(dict.fromkeys(rankings.get(query, []))), set(grades))
        for query, grades in judgments.items()
        if grades
    ]
    if not any(grade > 0 for grades in judgments.values() for grade in grades.values()):
        raise ValueError("judgments has no query with a relevant document")
    return sum(values) / len(values)
