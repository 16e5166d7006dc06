"""Cuts the ranking at k and takes the repetitions out afterwards."""


def recall_at_k(ranked, grades, k):
    wanted = relevant(grades, k)
    return len(wanted & set(ranked[:k])) / len(wanted)


def precision_at_k(ranked, grades, k):
    return len(relevant(grades, k) & set(ranked[:k])) / k


def ndcg_at_k(ranked, grades, k):
    relevant(grades, k)
    best = dcg(sorted(grades.values(), reverse=True)[:k])
    return dcg([grades.get(id, 0) for id in dict.fromkeys(ranked[:k])]) / best
