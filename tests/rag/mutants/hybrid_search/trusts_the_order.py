"""Takes the first score for the highest and the last for the lowest."""


def min_max(scores):
    check_finite(scores)
    if not scores or scores[0] == scores[-1]:
        return [1.0] * len(scores)
    return [(score - scores[-1]) / (scores[0] - scores[-1]) for score in scores]
