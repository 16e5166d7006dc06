"""Builds from words that still hold the special tokens."""


def build_vocabulary(corpus, size, special_tokens, min_frequency):
    if min_frequency < 1:
        raise ValueError(f"min_frequency is {min_frequency}")
    if "" in special_tokens or len(set(special_tokens)) < len(special_tokens):
        raise ValueError(f"special_tokens is {special_tokens}")
    word_counts = count_words(corpus, [])
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
