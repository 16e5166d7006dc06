"""Returns 0 where nothing is relevant, and so mixes "not found" with "not there"."""


def relevant(grades, k):
    if k < 1:
        raise ValueError(f"k is {k}; it must be 1 or more")
    return {id for id, grade in grades.items() if grade > 0}


def recall_at_k(ranked, grades, k):
    wanted = relevant(grades, k)
    return len(wanted & set(unique(ranked)[:k])) / len(wanted) if wanted else 0.0


def mean_over_queries(metric, rankings, judgments):
    values = []
    for query, grades in judgments.items():
        wanted = relevant(grades, 1)
        if wanted:
            values.append(metric(list(dict.fromkeys(rankings.get(query, []))), wanted))
    return sum(values) / len(values) if values else 0.0


def ndcg_at_k(ranked, grades, k):
    if k < 1:
        raise ValueError(f"k is {k}; it must be 1 or more")
    best = dcg(sorted(grades.values(), reverse=True)[:k])
    return dcg([grades.get(id, 0) for id in unique(ranked)[:k]]) / best if best else 0.0
