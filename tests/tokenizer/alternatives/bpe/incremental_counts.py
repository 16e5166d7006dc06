"""Updates the pair counts only for words that hold the merged pair."""

from collections import defaultdict


def merge_word(symbols, pair):
    out = []
    for symbol in symbols:
        if out and (out[-1], symbol) == pair and out[-1] is not None:
            out[-1:] = [out[-1] + symbol, None]
        else:
            out.append(symbol)
    return tuple(symbol for symbol in out if symbol is not None)


def train_bpe(corpus, num_merges):
    if num_merges < 0:
        raise ValueError("num_merges must not be negative")
    counts = Counter(tuple(word) for text in corpus for word in text.split())
    pairs, where = Counter(), defaultdict(set)

    def add(word, sign):
        for pair in zip(word, word[1:]):
            pairs[pair] += sign * counts[word]
            where[pair].add(word)

    for word in list(counts):
        add(word, 1)
    merges = []
    while len(merges) < num_merges:
        left = [pair for pair, count in pairs.items() if count > 0]
        if not left:
            break
        best = sorted(left, key=lambda pair: (-pairs[pair], pair))[0]
        merges.append(best)
        for word in list(where.pop(best)):
            if word in counts and best in list(zip(word, word[1:])):
                add(word, -1)
                count = counts.pop(word)
                new = merge_word(word, best)
                if new in counts:
                    add(new, -1)
                counts[new] += count
                add(new, 1)
    return merges


def bpe_encode(text, merges):
    rank = {}
    for i, pair in enumerate(merges):
        rank.setdefault(pair, i)
    tokens = []
    for word in text.split():
        symbols = tuple(word)
        while True:
            ranked = [(rank[p], p) for p in zip(symbols, symbols[1:]) if p in rank]
            if not ranked:
                break
            symbols = merge_word(symbols, min(ranked)[1])
        tokens.extend(symbols)
    return tokens
