"""Takes the largest pair of several with the same count."""


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
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        merges.append(best)
        words = [(glue(symbols, best), count) for symbols, count in words]
    return merges
