"""Takes out the pieces with the smallest expected counts."""


def prune(words, scores, size):
    counts = dict.fromkeys(scores, 0.0)
    for word, frequency in words.items():
        for piece, count in expected_counts(word, scores).items():
            counts[piece] += frequency * count
    long = sorted((piece for piece in scores if len(piece) > 1), key=counts.__getitem__)
    if size < len(scores) - len(long):
        raise ValueError(f"size is {size}")
    out = long[: max(0, len(scores) - size)]
    return {piece: score for piece, score in scores.items() if piece not in out}
