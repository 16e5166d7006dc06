"""Looks at every word to find those that hold the pair."""


def apply_merge(pair, words, counts, pair_counts, where):
    for i, old in enumerate(words):
        if pair not in zip(old, old[1:]):
            continue
        words[i] = new = glue(old, pair)
        for gone in zip(old, old[1:]):
            pair_counts[gone] -= counts[i]
            where[gone].discard(i)
            if not pair_counts[gone]:
                del pair_counts[gone], where[gone]
        for born in zip(new, new[1:]):
            pair_counts[born] += counts[i]
            where[born].add(i)
