"""Ignores workers."""


def in_threads(function, items, workers):
    if workers < 1:
        raise ValueError(f"workers is {workers}; it must be 1 or more")
    return [function(item) for item in items]
