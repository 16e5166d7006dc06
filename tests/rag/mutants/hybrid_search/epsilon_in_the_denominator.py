"""Adds a small number to the spread instead of asking whether the scores are equal."""


def min_max(scores):
    check_finite(scores)
    if not scores:
        return []
    low, high = min(scores), max(scores)
    return [(score - low) / (high - low + 1e-12) for score in scores]
