"""Recurses over suffixes with a cache and carries expected counts along."""

from functools import cache


def viterbi(text, scores):
    best = {len(text): (0.0, None)}
    for start in reversed(range(len(text))):
        found = [
            (scores[piece] + best[start + len(piece)][0], piece)
            for piece in scores
            if text.startswith(piece, start) and start + len(piece) in best
        ]
        if found:
            best[start] = max(found)
    if 0 not in best:
        raise ValueError(f"{text} cannot be spelled")
    pieces, at = [], 0
    while at < len(text):
        pieces.append(best[at][1])
        at += len(pieces[-1])
    return pieces, best[0][0]


def log_total(text, scores):
    @cache
    def suffix(start):
        if start == len(text):
            return 0.0
        parts = [
            scores[text[start:end]] + suffix(end)
            for end in range(start + 1, len(text) + 1)
            if text[start:end] in scores
        ]
        top = max(parts, default=-math.inf)
        if top == -math.inf:
            return top
        return math.log(sum(math.exp(part - top) for part in parts)) + top

    for start in range(len(text), 0, -1):
        suffix(start)
    return suffix


def expected_counts(text, scores):
    """Forward only: the mean counts of a prefix are a weighted mean over its last pieces."""
    total = log_total(text, scores)
    if total(0) == -math.inf:
        raise ValueError(f"{text} cannot be spelled")
    means = [None] * len(text) + [dict.fromkeys(scores, 0.0)]
    for start in reversed(range(len(text))):
        mean = dict.fromkeys(scores, 0.0)
        for end in range(start + 1, len(text) + 1):
            piece = text[start:end]
            if piece not in scores or total(end) == -math.inf:
                continue
            weight = math.exp(scores[piece] + total(end) - total(start))
            mean[piece] += weight
            for other, count in means[end].items():
                mean[other] += weight * count
        means[start] = mean
    return means[0]


def em_step(words, scores):
    counts = {}
    for word in words:
        for piece, count in expected_counts(word, scores).items():
            counts[piece] = counts.get(piece, 0) + words[word] * count
    used = {piece: count for piece, count in counts.items() if count}
    return {piece: math.log(count) - math.log(sum(used.values())) for piece, count in used.items()}


def prune(words, scores, size):
    fixed = [piece for piece in scores if len(piece) == 1]
    if len(fixed) > size:
        raise ValueError(f"size must be at least {len(fixed)}, not {size}")

    def corpus(pieces):
        return sum(n * log_total(word, pieces)(0) for word, n in words.items())

    whole = corpus(scores)
    losses = []
    for piece in scores:
        if len(piece) > 1:
            less = dict(scores)
            del less[piece]
            losses.append((whole - corpus(less), piece))
    losses.sort(reverse=True)
    kept = set(fixed + [piece for _, piece in losses[: size - len(fixed)]])
    return {piece: scores[piece] for piece in scores if piece in kept}
