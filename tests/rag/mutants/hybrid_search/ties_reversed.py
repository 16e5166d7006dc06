"""Sorts upwards and turns around, ties included."""


def ranked(total):
    rounded = [(id, round(score, 9)) for id, score in total.items()]
    return sorted(rounded, key=lambda pair: pair[1])[::-1]
