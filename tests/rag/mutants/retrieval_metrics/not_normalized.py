"""Returns the DCG without dividing it by the best."""


def ndcg_at_k(ranked, grades, k):
    relevant(grades, k)
    return dcg([grades.get(id, 0) for id in unique(ranked)[:k]])
