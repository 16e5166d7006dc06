"""Returns the documents as they were met."""


def ranked(total):
    return [(id, round(score, 9)) for id, score in total.items()]
