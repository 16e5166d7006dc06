"""Encodes by trying each merge once, in order."""


def bpe_encode(text, merges):
    tokens = []
    for word in text.split():
        symbols = list(word)
        for pair in merges:
            symbols = glue(symbols, pair)
        tokens += symbols
    return tokens
