"""Counts places from 0 and adds 1 too much: the reciprocal rank of place 2 becomes 1/3."""


def reciprocal_rank(ranked, wanted):
    return next((1 / (i + 1) for i, id in enumerate(ranked, start=1) if id in wanted), 0.0)
