"""Compares with the best order of the documents in the ranking only."""


def ndcg_at_k(ranked, grades, k):
    relevant(grades, k)
    gains = [grades.get(id, 0) for id in unique(ranked)]
    best = dcg(sorted(gains, reverse=True)[:k])
    return dcg(gains[:k]) / best if best else 0.0
