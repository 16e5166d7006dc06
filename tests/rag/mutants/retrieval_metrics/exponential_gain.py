"""Gains 2 ** grade - 1, which is another nDCG."""


def ndcg_at_k(ranked, grades, k):
    relevant(grades, k)
    gains = {id: 2**grade - 1 for id, grade in grades.items()}
    best = dcg(sorted(gains.values(), reverse=True)[:k])
    return dcg([gains.get(id, 0) for id in unique(ranked)[:k]]) / best
