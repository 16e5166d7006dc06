"""Average precision as the mean of the precisions at all places."""


def average_precision(ranked, wanted):
    if not ranked:
        return 0.0
    hits, total = 0, 0.0
    for i, id in enumerate(ranked, start=1):
        hits += id in wanted
        total += hits / i
    return total / len(ranked)
