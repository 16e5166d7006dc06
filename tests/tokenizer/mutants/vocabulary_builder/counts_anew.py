"""Merges and then counts all pairs of all words anew."""


def apply_merge(pair, words, counts, pair_counts, where):
    pair_counts.clear()
    where.clear()
    for i in range(len(words)):
        words[i] = glue(words[i], pair)
        for standing in zip(words[i], words[i][1:]):
            pair_counts[standing] += counts[i]
            where[standing].add(i)
