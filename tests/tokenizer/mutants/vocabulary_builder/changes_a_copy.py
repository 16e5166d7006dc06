"""Works on copies of the tables, so that the caller sees no change."""


def apply_merge(pair, words, counts, pair_counts, where):
    words, where = list(words), defaultdict(set, {p: set(s) for p, s in where.items()})
    pair_counts = Counter(pair_counts)
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
