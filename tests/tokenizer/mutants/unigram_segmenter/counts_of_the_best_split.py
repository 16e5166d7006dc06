"""Counts in the best split alone (hard EM)."""


def expected_counts(text, scores):
    counts = dict.fromkeys(scores, 0.0)
    for piece in viterbi(text, scores)[0]:
        counts[piece] += 1.0
    return counts
