"""Merges tuples of bytes objects and walks through the text by hand instead of by pattern."""


def byte_alphabet():
    alphabet, moved = {}, 0
    for byte in range(256):
        if chr(byte).isprintable() and not chr(byte).isspace():
            alphabet[byte] = chr(byte)
        else:
            alphabet[byte] = chr(256 + moved)
            moved += 1
    return alphabet


def kind_of(character):
    if character.isspace():
        return "space"
    if re.match(r"\d", character):
        return "digit"
    return "letter" if re.match(r"[^\W\d_]", character) else "other"


def presplit(text):
    pieces, i = [], 0
    while i < len(text):
        ending = next(
            (e for e in ("s", "d", "m", "t", "ll", "ve", "re") if text.startswith(e, i + 1)), ""
        )
        if text[i] == "'" and ending:
            end = i + 1 + len(ending)
        else:
            start = i
            if text[i] == " " and i + 1 < len(text) and kind_of(text[i + 1]) != "space":
                start += 1
            kind, end = kind_of(text[start]), start
            while end < len(text) and kind_of(text[end]) == kind:
                end += 1
            if kind == "space" and end < len(text) and end - start > 1:
                end -= 1
        pieces.append(text[i:end])
        i = end
    return pieces


def encode(text, merges):
    byte_of = {character: byte for byte, character in byte_alphabet().items()}
    as_bytes = [tuple(bytes(byte_of[c] for c in side) for side in pair) for pair in merges]
    id_of = {bytes([byte]): byte for byte in range(256)}
    id_of.update({a + b: 256 + i for i, (a, b) in enumerate(as_bytes)})
    ids = []
    for piece in presplit(text):
        parts = [bytes([byte]) for byte in piece.encode()]
        while True:
            best = min(
                (as_bytes.index(pair) for pair in zip(parts, parts[1:]) if pair in as_bytes),
                default=None,
            )
            if best is None:
                break
            i = 0
            while i + 1 < len(parts):
                if (parts[i], parts[i + 1]) == as_bytes[best]:
                    parts[i : i + 2] = [parts[i] + parts[i + 1]]
                i += 1
        ids.extend(id_of[part] for part in parts)
    return ids


def decode(ids, merges):
    byte_of = {character: byte for byte, character in byte_alphabet().items()}
    data = b""
    for id in ids:
        if id in range(256):
            data += bytes([id])
        elif id - 256 in range(len(merges)):
            data += bytes(byte_of[c] for c in "".join(merges[id - 256]))
        else:
            raise ValueError(f"unknown id {id}")
    return str(data, "utf-8", "replace")
