"""Reads the bytes of each id as UTF-8 by themselves."""


def decode(ids, merges):
    symbols = symbols_of(merges)
    byte_of = {character: byte for byte, character in byte_alphabet().items()}
    text = ""
    for id in ids:
        if not 0 <= id < len(symbols):
            raise ValueError(f"id {id} does not exist")
        text += bytes(byte_of[c] for c in symbols[id]).decode("utf-8", errors="replace")
    return text
