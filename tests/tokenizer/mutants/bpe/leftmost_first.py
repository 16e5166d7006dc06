"""Encodes by gluing the leftmost known pair instead of the one of lowest rank."""


def bpe_encode(text, merges):
    ranks = {pair: rank for rank, pair in reversed(list(enumerate(merges)))}
    tokens = []
    for word in text.split():
        symbols = list(word)
        while known := [pair for pair in zip(symbols, symbols[1:]) if pair in ranks]:
            symbols = glue(symbols, known[0])
        tokens += symbols
    return tokens
