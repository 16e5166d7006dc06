"""Lets negative ids count from the end."""


def decode(ids, merges):
    symbols = symbols_of(merges)
    for id in ids:
        if id >= len(symbols):
            raise ValueError(f"id {id} does not exist")
    byte_of = {character: byte for byte, character in byte_alphabet().items()}
    joined = "".join(symbols[id] for id in ids)
    return bytes(byte_of[character] for character in joined).decode("utf-8", errors="replace")
