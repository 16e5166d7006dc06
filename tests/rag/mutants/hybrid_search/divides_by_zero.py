"""Divides by the spread, also where there is none."""


def min_max(scores):
    check_finite(scores)
    if not scores:
        return [1.0] * len(scores)
    low, high = min(scores), max(scores)
    return [(score - low) / (high - low) for score in scores]
