"""Weighs recall by the grades."""


def recall_at_k(ranked, grades, k):
    wanted = relevant(grades, k)
    found = wanted & set(unique(ranked)[:k])
    return sum(grades[id] for id in found) / sum(grades[id] for id in wanted)
