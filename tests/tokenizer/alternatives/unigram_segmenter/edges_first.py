"""Lists the edges of the lattice once and pushes along them."""

from collections import defaultdict


def edges(text, scores):
    """(start, end, piece) in the order of starts."""
    lengths = sorted({len(piece) for piece in scores})
    for i in range(len(text)):
        for n in lengths:
            if i + n <= len(text) and text[i : i + n] in scores:
                yield i, i + n, text[i : i + n]


def log_add(x, y):
    high, low = max(x, y), min(x, y)
    return high if low == -math.inf else high + math.log1p(math.exp(low - high))


def sweep(lattice, scores, n):
    table = [0.0] + [-math.inf] * n
    for i, j, piece in lattice:
        table[j] = log_add(table[j], table[i] + scores[piece])
    return table


def viterbi(text, scores):
    best = defaultdict(lambda: (-math.inf, 0))
    best[0] = (0.0, 0)
    for i, j, piece in edges(text, scores):
        candidate = (best[i][0] + scores[piece], i)
        if candidate[0] > best[j][0]:
            best[j] = candidate
    end, cuts = len(text), []
    if best[end][0] == -math.inf:
        raise ValueError(f"cannot split {text!r}")
    while end:
        cuts.insert(0, text[best[end][1] : end])
        end = best[end][1]
    return cuts, best[len(text)][0]


def expected_counts(text, scores):
    lattice, n = list(edges(text, scores)), len(text)
    a = sweep(lattice, scores, n)
    if a[n] == -math.inf:
        raise ValueError(f"cannot split {text!r}")
    mirrored = sorted((n - j, n - i, piece) for i, j, piece in lattice)
    b = sweep(mirrored, scores, n)
    counts = dict.fromkeys(scores, 0.0)
    for i, j, piece in lattice:
        counts[piece] += math.exp(a[i] + scores[piece] + b[n - j] - a[n])
    return counts


def em_step(words, scores):
    totals = defaultdict(float)
    for word, n in words.items():
        for piece, count in expected_counts(word, scores).items():
            if count > 0:
                totals[piece] += n * count
    whole = sum(totals.values())
    return {piece: math.log(count / whole) for piece, count in totals.items()}


def prune(words, scores, size):
    singles = {piece for piece in scores if len(piece) == 1}
    if size < len(singles):
        raise ValueError(f"size {size} is below the {len(singles)} single characters")
    if size >= len(scores):
        return dict(scores)
    losses = defaultdict(float)
    for word, n in words.items():
        lattice = list(edges(word, scores))
        whole = sweep(lattice, scores, len(word))[-1]
        for removed in {piece for _, _, piece in lattice} - singles:
            rest = [edge for edge in lattice if edge[2] != removed]
            losses[removed] += n * (whole - sweep(rest, scores, len(word))[-1])
    order = sorted(set(scores) - singles, key=lambda piece: (losses[piece], piece))
    gone = order[: len(scores) - size]
    return {piece: score for piece, score in scores.items() if piece not in gone}
