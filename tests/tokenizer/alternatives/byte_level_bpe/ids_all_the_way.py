"""Merges ids instead of strings and decodes them by splitting merges again."""


def byte_alphabet():
    alphabet = {}
    for byte in [
        *range(ord("!"), ord("~") + 1),
        *range(ord("¡"), ord("¬") + 1),
        *range(ord("®"), 256),
    ]:
        alphabet[byte] = chr(byte)
    for byte in range(256):
        if byte not in alphabet:
            alphabet[byte] = chr(256 + len(alphabet) - 188)
    return alphabet


def presplit(text):
    pattern = re.compile(
        r"""'s|'d|'m|'t|'ll|'ve|'re|[ ]?[^\W\d_]+|[ ]?\d+|[ ]?(?:(?!\s)[\W_])+|\s+(?=\s|$)|\s+""",
        re.X,
    )
    return [match.group() for match in pattern.finditer(text)]


def tables(merges):
    symbols = [byte_alphabet()[byte] for byte in range(256)]
    pairs = {}
    for left, right in merges:
        symbols.append(left + right)
    for rank, (left, right) in enumerate(merges):
        pairs[symbols.index(left), symbols.index(right)] = 256 + rank
    return pairs


def encode(text, merges):
    pairs = tables(merges)
    out = []
    for piece in presplit(text):
        ids = [*piece.encode("utf-8")]
        while found := [pairs[pair] for pair in zip(ids[:-1], ids[1:]) if pair in pairs]:
            target, new = min(found), []
            for id in ids:
                if new and pairs.get((new[-1], id)) == target:
                    new[-1] = target
                else:
                    new.append(id)
            ids = new
        out += ids
    return out


def decode(ids, merges):
    parts = {new: pair for pair, new in tables(merges).items()}

    def spell(id):
        if id in parts:
            return spell(parts[id][0]) + spell(parts[id][1])
        if not 0 <= id < 256:
            raise ValueError(f"there is no id {id}")
        return bytes([id])

    return b"".join(map(spell, ids)).decode("utf-8", "replace")
