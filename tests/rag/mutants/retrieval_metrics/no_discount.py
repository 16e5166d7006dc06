"""Adds up the gains without a discount."""


def dcg(gains):
    return sum(gains)
