"""Divides the counts by the number of words."""


def em_step(words: dict[str, int], scores: dict[str, float]) -> dict[str, float]:
    totals = dict.fromkeys(scores, 0.0)
    for word, frequency in words.items():
        for piece, count in expected_counts(word, scores).items():
            totals[piece] += frequency * count
    total = sum(words.values())
    return {piece: math.log(count / total) for piece, count in totals.items() if count > 0}
