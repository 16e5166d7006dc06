"""Gives equal scores 0 after min-max: what was found counts as not found."""


def min_max(scores):
    check_finite(scores)
    if not scores or max(scores) == min(scores):
        return [0.0] * len(scores)
    low, high = min(scores), max(scores)
    return [(score - low) / (high - low) for score in scores]
