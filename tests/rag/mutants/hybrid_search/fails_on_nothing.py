"""Takes the lowest score of an empty list."""


def min_max(scores):
    check_finite(scores)
    if max(scores) == min(scores):
        return [1.0] * len(scores)
    low, high = min(scores), max(scores)
    return [(score - low) / (high - low) for score in scores]
