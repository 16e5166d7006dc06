"""Counts pairs once and takes the most frequent ones, without merging in between."""


def build_vocabulary(corpus, size, special_tokens, min_frequency):
    if min_frequency < 1:
        raise ValueError(f"min_frequency is {min_frequency}")
    if "" in special_tokens or len(set(special_tokens)) < len(special_tokens):
        raise ValueError(f"special_tokens is {special_tokens}")
    word_counts = count_words(corpus, special_tokens)
    tokens = [*special_tokens, *sorted(set("".join(word_counts)))]
    if size < len(tokens):
        raise ValueError(f"size is {size}")
    _, _, pair_counts, _ = index_pairs(word_counts)
    merges = []
    while len(tokens) < size and pair_counts:
        best = min(pair_counts, key=lambda pair: (-pair_counts[pair], pair))
        if pair_counts[best] < min_frequency:
            break
        del pair_counts[best]
        tokens.append("".join(best))
        merges.append(best)
    return tokens, merges
