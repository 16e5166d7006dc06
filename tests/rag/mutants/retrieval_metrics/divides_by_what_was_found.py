"""Average precision over the relevant documents found, not over all of them."""


def average_precision(ranked, wanted):
    hits, total = 0, 0.0
    for i, id in enumerate(ranked, start=1):
        if id in wanted:
            hits += 1
            total += hits / i
    return total / hits if hits else 0.0
