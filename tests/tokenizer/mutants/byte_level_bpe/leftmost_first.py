"""Glues the leftmost known pair instead of the one of lowest rank."""


def encode(text, merges):
    alphabet = byte_alphabet()
    ids = {symbol: id for id, symbol in enumerate(symbols_of(merges))}
    ranks = {pair: rank for rank, pair in enumerate(merges)}
    encoded = []
    for piece in presplit(text):
        symbols = [alphabet[byte] for byte in piece.encode("utf-8")]
        while True:
            known = [pair for pair in zip(symbols, symbols[1:]) if pair in ranks]
            if not known:
                break
            symbols = glue(symbols, known[0])
        encoded += [ids[symbol] for symbol in symbols]
    return encoded
