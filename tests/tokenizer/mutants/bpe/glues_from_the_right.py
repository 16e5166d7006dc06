"""Replaces overlapping occurrences from the right: a a a becomes a aa."""


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


def train_bpe(corpus, num_merges):
    if num_merges < 0:
        raise ValueError(f"num_merges is {num_merges}")
    counts = Counter(word for text in corpus for word in text.split())
    words = [(list(word), count) for word, count in counts.items()]
    merges = []
    while len(merges) < num_merges:
        pairs = Counter()
        for symbols, count in words:
            for pair in zip(symbols, symbols[1:]):
                pairs[pair] += count
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        words = [(glue(symbols, best), count) for symbols, count in words]
    return merges


def bpe_encode(text, merges):
    ranks = {pair: rank for rank, pair in reversed(list(enumerate(merges)))}
    tokens = []
    for word in text.split():
        symbols = list(word)
        while known := [pair for pair in zip(symbols, symbols[1:]) if pair in ranks]:
            symbols = glue(symbols, min(known, key=ranks.get))
        tokens += symbols
    return tokens
