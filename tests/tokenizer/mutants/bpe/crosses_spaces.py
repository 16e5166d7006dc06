"""Keeps the space as a symbol, so that pairs cross the borders of words."""


def train_bpe(corpus, num_merges):
    if num_merges < 0:
        raise ValueError(f"num_merges is {num_merges}")
    counts = Counter(corpus)
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
    ranks = {pair: rank for rank, pair in enumerate(merges)}
    symbols = list(text)
    while known := [pair for pair in zip(symbols, symbols[1:]) if pair in ranks]:
        symbols = glue(symbols, min(known, key=ranks.get))
    return symbols
