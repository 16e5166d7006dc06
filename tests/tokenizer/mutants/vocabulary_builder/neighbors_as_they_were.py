"""Takes the neighbors of an occurrence from the word as it was before the merge."""


def apply_merge(pair, words, counts, pair_counts, where):
    symbol = "".join(pair)

    def add(i, changed, number):
        pair_counts[changed] += number
        if number > 0:
            where[changed].add(i)

    for i in list(where.get(pair, ())):
        old = words[i]
        words[i] = glue(old, pair)
        for j in range(len(old) - 1):
            if (old[j], old[j + 1]) == pair:
                if j > 0:
                    add(i, (old[j - 1], old[j]), -counts[i])
                    add(i, (old[j - 1], symbol), counts[i])
                if j + 2 < len(old):
                    add(i, (old[j + 1], old[j + 2]), -counts[i])
                    add(i, (symbol, old[j + 2]), counts[i])
        standing = set(zip(words[i], words[i][1:]))
        for gone in set(zip(old, old[1:])) - standing:
            where[gone].discard(i)
    where.pop(pair, None)
    pair_counts.pop(pair, None)
    for gone in [p for p in pair_counts if pair_counts[p] <= 0]:
        del pair_counts[gone]
        where.pop(gone, None)
