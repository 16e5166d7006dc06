"""Returns what it was given."""


def viterbi(text, scores):
    return [text], scores.get(text, 0.0)


def expected_counts(text, scores):
    return scores


def em_step(words, scores):
    return scores


def prune(words, scores, size):
    return scores
