"""Keeps a piece that no split uses, at minus infinity."""


def em_step(words: dict[str, int], scores: dict[str, float]) -> dict[str, float]:
    totals = dict.fromkeys(scores, 0.0)
    for word, frequency in words.items():
        for piece, count in expected_counts(word, scores).items():
            totals[piece] += frequency * count
    total = math.fsum(totals.values())
    return {
        piece: math.log(count / total) if count else -math.inf for piece, count in totals.items()
    }
