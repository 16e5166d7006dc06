"""Keeps the characters without a word when size is too small."""


def prune(words: dict[str, int], scores: dict[str, float], size: int) -> dict[str, float]:
    losses = {}
    for piece in scores:
        if len(piece) > 1:
            others = {other: score for other, score in scores.items() if other != piece}
            losses[piece] = sum(
                frequency * (forward(word, scores)[-1] - forward(word, others)[-1])
                for word, frequency in words.items()
                if piece in word
            )
    surplus = max(0, len(scores) - size)
    out = set(sorted(losses, key=losses.__getitem__)[:surplus])
    return {piece: score for piece, score in scores.items() if piece not in out}
