"""Encodes code points below 256 as if they were bytes."""


def encode(text, merges):
    alphabet = byte_alphabet()
    ids = {symbol: id for id, symbol in enumerate(symbols_of(merges))}
    ranks = {pair: rank for rank, pair in enumerate(merges)}
    encoded = []
    for piece in presplit(text):
        symbols = [alphabet[byte] for byte in piece.encode("latin-1", errors="replace")]
        while True:
            known = [pair for pair in zip(symbols, symbols[1:]) if pair in ranks]
            if not known:
                break
            symbols = glue(symbols, min(known, key=ranks.__getitem__))
        encoded += [ids[symbol] for symbol in symbols]
    return encoded
