"""Merges over the whole text, without cutting it first."""


def encode(text, merges):
    alphabet = byte_alphabet()
    ids = {symbol: id for id, symbol in enumerate(symbols_of(merges))}
    ranks = {pair: rank for rank, pair in enumerate(merges)}
    encoded = []
    for piece in [text]:
        symbols = [alphabet[byte] for byte in piece.encode("utf-8")]
        while True:
            known = [pair for pair in zip(symbols, symbols[1:]) if pair in ranks]
            if not known:
                break
            symbols = glue(symbols, min(known, key=ranks.__getitem__))
        encoded += [ids[symbol] for symbol in symbols]
    return encoded
