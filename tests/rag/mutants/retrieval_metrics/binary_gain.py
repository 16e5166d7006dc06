"""Gains 1 for every relevant document, whatever its grade."""


def ndcg_at_k(ranked, grades, k):
    wanted = relevant(grades, k)
    return dcg([int(id in wanted) for id in unique(ranked)[:k]]) / dcg([1] * min(k, len(wanted)))
