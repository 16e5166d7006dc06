"""Counts a pair once a word, however many positions it has there."""


def index_pairs(word_counts):
    words, counts = [list(word) for word in word_counts], list(word_counts.values())
    pair_counts, where = Counter(), defaultdict(set)
    for i, word in enumerate(words):
        for pair in set(zip(word, word[1:])):
            pair_counts[pair] += counts[i]
            where[pair].add(i)
    return words, counts, pair_counts, where


def apply_merge(pair, words, counts, pair_counts, where):
    for i in list(where.get(pair, ())):
        old = words[i]
        words[i] = new = glue(old, pair)
        for gone in set(zip(old, old[1:])):
            pair_counts[gone] -= counts[i]
            where[gone].discard(i)
            if not pair_counts[gone]:
                del pair_counts[gone], where[gone]
        for born in set(zip(new, new[1:])):
            pair_counts[born] += counts[i]
            where[born].add(i)
