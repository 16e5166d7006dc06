"""Compares with the best order of the documents in the first k places."""


def ndcg_at_k(ranked, grades, k):
    relevant(grades, k)
    gains = [grades.get(id, 0) for id in unique(ranked)[:k]]
    best = dcg(sorted(gains, reverse=True))
    return dcg(gains) / best if best else 0.0
