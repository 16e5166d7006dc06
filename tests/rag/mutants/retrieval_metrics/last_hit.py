"""Takes the last relevant document instead of the first."""


def reciprocal_rank(ranked, wanted):
    places = [i for i, id in enumerate(ranked, start=1) if id in wanted]
    return 1 / places[-1] if places else 0.0
