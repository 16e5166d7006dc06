"""Takes a word out of where for a broken pair that still stands elsewhere in it."""


def apply_merge(pair, words, counts, pair_counts, where):
    for i in list(where.get(pair, ())):
        old = words[i]
        words[i] = new = glue(old, pair)
        for gone in zip(old, old[1:]):
            pair_counts[gone] -= counts[i]
        for born in zip(new, new[1:]):
            pair_counts[born] += counts[i]
        for born in set(zip(new, new[1:])) - set(zip(old, old[1:])):
            where[born].add(i)
        symbols = {*pair}
        for gone in set(zip(old, old[1:])):
            if gone == pair or symbols & {*gone}:
                where[gone].discard(i)
            if not pair_counts[gone]:
                del pair_counts[gone]
            if not where[gone]:
                del where[gone]
