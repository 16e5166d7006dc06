"""Counts the pair of aaa once, as if overlapping occurrences were one."""


def train_bpe(corpus, num_merges):
    if num_merges < 0:
        raise ValueError(f"num_merges is {num_merges}")
    words = [list(word) for text in corpus for word in text.split()]
    merges = []
    while len(merges) < num_merges:
        pairs = Counter()
        for symbols in words:
            i, last = 0, None
            for i, pair in enumerate(zip(symbols, symbols[1:])):
                if last == (i - 1, pair):
                    last = None
                    continue
                pairs[pair] += 1
                last = (i, pair)
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        words = [glue(symbols, best) for symbols in words]
    return merges
