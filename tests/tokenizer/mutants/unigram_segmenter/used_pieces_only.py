"""Leaves pieces out that do not occur in the text."""


def expected_counts(text: str, scores: dict[str, float]) -> dict[str, float]:
    n, longest = len(text), max(map(len, scores), default=0)
    before = forward(text, scores)
    if before[n] == -math.inf:
        raise ValueError(f"no sequence of pieces spells {text!r}")
    behind = [-math.inf] * n + [0.0]  # log-probability of the suffix from each position
    counts = dict.fromkeys(scores, 0.0)
    for i in range(n - 1, -1, -1):
        ends = [j for j in range(i + 1, min(i + longest, n) + 1) if text[i:j] in scores]
        behind[i] = log_sum([scores[text[i:j]] + behind[j] for j in ends])
        for j in ends:
            share = math.exp(before[i] + scores[text[i:j]] + behind[j] - before[n])
            counts[text[i:j]] += share
    return {piece: count for piece, count in counts.items() if count > 0}


def em_step(words: dict[str, int], scores: dict[str, float]) -> dict[str, float]:
    totals = dict.fromkeys(scores, 0.0)
    for word, frequency in words.items():
        for piece, count in expected_counts(word, scores).items():
            totals[piece] += frequency * count
    total = math.fsum(totals.values())
    return {piece: math.log(count / total) for piece, count in totals.items() if count > 0}
