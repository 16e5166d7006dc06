"""Gives equal scores 0.5 after min-max."""


def min_max(scores):
    check_finite(scores)
    if not scores or max(scores) == min(scores):
        return [0.5] * len(scores)
    low, high = min(scores), max(scores)
    return [(score - low) / (high - low) for score in scores]
