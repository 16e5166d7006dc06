"""Takes out the pieces whose loss is largest."""


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
    if size < len(scores) - len(losses):
        raise ValueError(f"size is {size}; {len(scores) - len(losses)} characters must stay")
    surplus = max(0, len(scores) - size)
    out = set(sorted(losses, key=losses.__getitem__)[::-1][:surplus])
    return {piece: score for piece, score in scores.items() if piece not in out}
