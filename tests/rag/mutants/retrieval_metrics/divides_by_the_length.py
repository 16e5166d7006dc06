"""Precision over the length of a short ranking, not over k."""


def precision_at_k(ranked, grades, k):
    wanted, first = relevant(grades, k), unique(ranked)[:k]
    return len(wanted & set(first)) / len(first) if first else 0.0
