"""Returns an empty list."""


def min_max(scores):
    return []


def z_score(scores):
    return []


def weighted_sum(keyword, vector, weight, how):
    return []


def reciprocal_rank_fusion(rankings, k=60):
    return []
