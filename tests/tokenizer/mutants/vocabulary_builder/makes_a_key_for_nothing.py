"""Asks a defaultdict with brackets for a pair that stands nowhere."""


def apply_merge(pair, words, counts, pair_counts, where):
    for i in list(where[pair]):
        old = words[i]
        words[i] = new = glue(old, pair)
        for gone in zip(old, old[1:]):
            pair_counts[gone] -= counts[i]
            where[gone].discard(i)
            if not pair_counts[gone]:
                del pair_counts[gone], where[gone]
        for born in zip(new, new[1:]):
            pair_counts[born] += counts[i]
            where[born].add(i)
