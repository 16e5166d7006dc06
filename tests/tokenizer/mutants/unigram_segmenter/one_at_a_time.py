"""Measures all losses again after each piece that it takes out."""


def prune(words, scores, size):
    if size < sum(len(piece) == 1 for piece in scores):
        raise ValueError(f"size is {size}")
    scores = dict(scores)
    while len(scores) > size:
        losses = {}
        for piece in scores:
            if len(piece) > 1:
                others = {other: score for other, score in scores.items() if other != piece}
                losses[piece] = sum(
                    frequency * (forward(word, scores)[-1] - forward(word, others)[-1])
                    for word, frequency in words.items()
                )
        del scores[min(losses, key=losses.get)]
    return scores
