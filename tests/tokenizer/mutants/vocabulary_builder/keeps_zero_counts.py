"""Leaves pairs with the count 0 in the tables."""


def apply_merge(pair, words, counts, pair_counts, where):
    for i in list(where.get(pair, ())):
        old = words[i]
        words[i] = new = glue(old, pair)
        for gone in zip(old, old[1:]):
            pair_counts[gone] -= counts[i]
            where[gone].discard(i)
        for born in zip(new, new[1:]):
            pair_counts[born] += counts[i]
            where[born].add(i)
