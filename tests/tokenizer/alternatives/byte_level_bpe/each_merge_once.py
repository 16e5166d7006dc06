"""Encodes by trying each merge once, in order."""


def encode(text, merges):
    alphabet = byte_alphabet()
    ids = {symbol: id for id, symbol in enumerate(symbols_of(merges))}
    encoded = []
    for piece in presplit(text):
        symbols = [alphabet[byte] for byte in piece.encode("utf-8")]
        for pair in merges:
            symbols = glue(symbols, pair)
        encoded += [ids[symbol] for symbol in symbols]
    return encoded
