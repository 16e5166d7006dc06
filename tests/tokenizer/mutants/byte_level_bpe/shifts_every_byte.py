"""Moves every byte up by 256, the printable ones too."""


def byte_alphabet():
    return {byte: chr(256 + byte) for byte in range(256)}
