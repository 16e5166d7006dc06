"""Takes only the ASCII bytes for printable."""


def byte_alphabet():
    printable = list(range(33, 127))
    others = [byte for byte in range(256) if byte not in printable]
    return {b: chr(b) for b in printable} | {b: chr(256 + i) for i, b in enumerate(others)}
