"""Keeps each word as one string with separators and merges by text replacement."""

import re


def train_bpe(corpus, num_merges):
    if num_merges < 0:
        raise ValueError(f"num_merges must be 0 or more, not {num_merges}")
    words = ["\0".join(word) for text in corpus for word in text.split()]
    merges = []
    for _ in range(num_merges):
        pairs = [pair for word in words for pair in pairs_of(word)]
        if not pairs:
            return merges
        tally = Counter(pairs)
        most = max(tally.values())
        left, right = min(pair for pair, count in tally.items() if count == most)
        merges.append((left, right))
        words = [joined(word, left, right) for word in words]
    return merges


def pairs_of(word):
    symbols = word.split("\0")
    return list(zip(symbols[:-1], symbols[1:]))


def joined(word, left, right):
    pattern = f"(?<![^\0]){re.escape(left)}\0{re.escape(right)}(?![^\0])"
    return re.sub(pattern, (left + right).replace("\\", r"\\"), word)


def bpe_encode(text, merges):
    def encode(word):
        present = [pair for pair in merges if pair in pairs_of(word)]
        return encode(joined(word, *present[0])) if present else word.split("\0")

    return [token for word in text.split() for token in encode("\0".join(word))]
