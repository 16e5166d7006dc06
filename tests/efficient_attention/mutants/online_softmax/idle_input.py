"""Returns what it was given."""


def summarize(scores, values):
    return scores, values, values


def merge(a, b):
    return a


def online_softmax(chunks):
    return chunks[0]
