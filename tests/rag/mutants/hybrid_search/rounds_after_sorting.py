"""Sorts by the sums as computed, whose last bits decide ties."""


def ranked(total):
    found = sorted(total.items(), key=lambda pair: -pair[1])
    return [(id, round(score, 9)) for id, score in found]
