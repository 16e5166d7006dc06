"""Divides by log2(place) from the third place on, so two places gain in full."""


def dcg(gains):
    return sum(gain / max(1.0, math.log2(place)) for place, gain in enumerate(gains, start=1))
