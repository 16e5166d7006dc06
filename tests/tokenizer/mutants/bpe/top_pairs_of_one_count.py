"""Counts pairs once and takes the most frequent ones, without gluing in between."""


def train_bpe(corpus, num_merges):
    if num_merges < 0:
        raise ValueError(f"num_merges is {num_merges}")
    pairs = Counter()
    for text in corpus:
        for word in text.split():
            pairs.update(zip(word, word[1:]))
    return sorted(pairs, key=lambda pair: (-pairs[pair], pair))[:num_merges]
