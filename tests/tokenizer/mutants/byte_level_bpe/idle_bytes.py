"""Returns the bytes, with no alphabet, no cut and no merges."""


def byte_alphabet():
    return {byte: byte for byte in range(256)}


def presplit(text):
    return [text]


def encode(text, merges):
    return list(text.encode("utf-8"))


def decode(ids, merges):
    return bytes(id % 256 for id in ids).decode("utf-8", errors="replace")
