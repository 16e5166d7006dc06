"""Counts a piece once for each split that has it, however often."""


def expected_counts(text, scores):
    def splits(rest):
        if not rest:
            return [[]]
        heads = [rest[:n] for n in range(1, len(rest) + 1) if rest[:n] in scores]
        return [[head, *tail] for head in heads for tail in splits(rest[len(head) :])]

    if len(text) > 40:
        raise ValueError(f"cannot list the splits of {text!r}")
    found = splits(text)
    if not found:
        raise ValueError(f"no split of {text!r}")
    weights = [math.exp(sum(scores[piece] for piece in split)) for split in found]
    return {
        piece: sum((w for w, split in zip(weights, found) if piece in split), 0.0) / sum(weights)
        for piece in scores
    }
