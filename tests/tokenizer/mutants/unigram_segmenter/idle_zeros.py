"""Returns zeros."""


def viterbi(text, scores):
    return [], 0.0


def expected_counts(text, scores):
    return dict.fromkeys(scores, 0.0)


def em_step(words, scores):
    return dict.fromkeys(scores, 0.0)


def prune(words, scores, size):
    return {}
