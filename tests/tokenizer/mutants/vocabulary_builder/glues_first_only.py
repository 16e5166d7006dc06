"""Replaces only the first occurrence of the pair in each word."""


def glue(symbols, pair):
    for i in range(len(symbols) - 1):
        if (symbols[i], symbols[i + 1]) == pair:
            return symbols[:i] + [symbols[i] + symbols[i + 1]] + symbols[i + 2 :]
    return symbols


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


def build_vocabulary(corpus, size, special_tokens, min_frequency):
    if min_frequency < 1:
        raise ValueError(f"min_frequency is {min_frequency}")
    if "" in special_tokens or len(set(special_tokens)) < len(special_tokens):
        raise ValueError(f"special_tokens is {special_tokens}")
    word_counts = count_words(corpus, special_tokens)
    tokens = [*special_tokens, *sorted(set("".join(word_counts)))]
    if size < len(tokens):
        raise ValueError(f"size is {size}")
    words, counts, pair_counts, where = index_pairs(word_counts)
    merges = []
    while len(tokens) < size and pair_counts:
        best = min(pair_counts, key=lambda pair: (-pair_counts[pair], pair))
        if pair_counts[best] < min_frequency:
            break
        apply_merge(best, words, counts, pair_counts, where)
        tokens.append("".join(best))
        merges.append(best)
    return tokens, merges
