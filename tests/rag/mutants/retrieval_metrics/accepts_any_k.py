"""Does not check k."""


def relevant(grades, k):
    wanted = {id for id, grade in grades.items() if grade > 0}
    if not wanted:
        raise ValueError("grades has no relevant document")
    return wanted


def precision_at_k(ranked, grades, k):
    return len(relevant(grades, k) & set(unique(ranked)[:k])) / max(k, 1)


def ndcg_at_k(ranked, grades, k):
    relevant(grades, k)
    best = dcg(sorted(grades.values(), reverse=True)[:k])
    return dcg([grades.get(id, 0) for id in unique(ranked)[:k]]) / best if best else 0.0
