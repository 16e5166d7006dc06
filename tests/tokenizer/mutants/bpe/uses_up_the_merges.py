"""Empties the list of merges that it was given."""


def bpe_encode(text, merges):
    ranks = {pair: rank for rank, pair in reversed(list(enumerate(merges)))}
    merges.clear()
    tokens = []
    for word in text.split():
        symbols = list(word)
        while known := [pair for pair in zip(symbols, symbols[1:]) if pair in ranks]:
            symbols = glue(symbols, min(known, key=ranks.get))
        tokens += symbols
    return tokens
