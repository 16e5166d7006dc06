"""Does not cut the best order at k."""


def ndcg_at_k(ranked, grades, k):
    relevant(grades, k)
    best = dcg(sorted(grades.values(), reverse=True))
    return dcg([grades.get(id, 0) for id in unique(ranked)[:k]]) / best
