"""Corrects the counts by 1 for each word, however often it stands in the corpus."""


def apply_merge(pair, words, counts, pair_counts, where):
    for i in list(where.get(pair, ())):
        old = words[i]
        words[i] = new = glue(old, pair)
        for gone in zip(old, old[1:]):
            pair_counts[gone] -= 1
            where[gone].discard(i)
            if not pair_counts[gone]:
                del pair_counts[gone], where[gone]
        for born in zip(new, new[1:]):
            pair_counts[born] += 1
            where[born].add(i)
