"""Recall over min(k, number of relevant documents), so that 1 can always be reached."""


def recall_at_k(ranked, grades, k):
    wanted = relevant(grades, k)
    return len(wanted & set(unique(ranked)[:k])) / min(k, len(wanted))
