"""Replaces occurrences that overlap from the right."""


def glue(symbols, pair):
    glued, i = [], len(symbols) - 1
    while i >= 0:
        if i > 0 and (symbols[i - 1], symbols[i]) == pair:
            glued.append(symbols[i - 1] + symbols[i])
            i -= 2
        else:
            glued.append(symbols[i])
            i -= 1
    return glued[::-1]


def apply_merge(pair, words, counts, pair_counts, where):
    for i in list(where.get(pair, ())):
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
