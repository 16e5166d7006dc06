"""Refuses NaN, but not infinity."""


def check_finite(scores):
    if any(math.isnan(score) for score in scores):
        raise ValueError("scores hold NaN")
