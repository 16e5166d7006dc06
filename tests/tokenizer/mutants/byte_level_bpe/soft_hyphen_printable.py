"""Forgets that byte 173, the soft hyphen, is not printable."""


def byte_alphabet():
    printable = [*range(33, 127), *range(161, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return {b: chr(b) for b in printable} | {b: chr(256 + i) for i, b in enumerate(others)}
