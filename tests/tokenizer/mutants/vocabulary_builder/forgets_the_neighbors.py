"""Deletes the merged pair and counts the new ones, but leaves the pairs that were broken."""


def apply_merge(pair, words, counts, pair_counts, where):
    for i in list(where.get(pair, ())):
        words[i] = glue(words[i], pair)
        symbol = "".join(pair)
        for born in zip(words[i], words[i][1:]):
            if symbol in born:
                pair_counts[born] += counts[i]
                where[born].add(i)
    pair_counts.pop(pair, None)
    where.pop(pair, None)
