"""Divides by the highest score without moving the lowest to 0."""


def min_max(scores):
    check_finite(scores)
    if not scores or max(scores) == min(scores):
        return [1.0] * len(scores)
    return [score / max(scores) for score in scores]
