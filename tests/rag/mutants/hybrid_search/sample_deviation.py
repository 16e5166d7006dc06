"""Divides by one less than the number of scores."""


def z_score(scores):
    check_finite(scores)
    if not scores or max(scores) == min(scores):
        return [0.0] * len(scores)
    mean = sum(scores) / len(scores)
    deviation = math.sqrt(sum((score - mean) ** 2 for score in scores) / (len(scores) - 1))
    return [(score - mean) / deviation for score in scores]
