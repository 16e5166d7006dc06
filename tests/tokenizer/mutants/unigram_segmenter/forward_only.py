"""Leaves out what stands behind a piece."""


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
            share = math.exp(before[i] + scores[text[i:j]] - before[j])
            counts[text[i:j]] += share
    return counts
