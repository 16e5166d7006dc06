"""Lowers the counts of the pairs that were broken, but does not count the new ones."""


def apply_merge(pair, words, counts, pair_counts, where):
    for i in list(where.get(pair, ())):
        old = words[i]
        words[i] = glue(old, pair)
        kept = list(zip(words[i], words[i][1:]))
        for gone in zip(old, old[1:]):
            if gone in kept:
                continue
            pair_counts[gone] -= counts[i]
            where[gone].discard(i)
            if not pair_counts[gone]:
                del pair_counts[gone], where[gone]
