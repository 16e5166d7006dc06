"""Asks whether the computed deviation is 0, which for equal scores may be 1e-17."""


def z_score(scores):
    check_finite(scores)
    if not scores:
        return []
    mean = sum(scores) / len(scores)
    deviation = math.sqrt(sum((score - mean) ** 2 for score in scores) / len(scores))
    return [(score - mean) / deviation if deviation else 0.0 for score in scores]
