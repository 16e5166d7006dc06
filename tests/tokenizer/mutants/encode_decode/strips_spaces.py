"""Strips the stretches between special tokens."""


def encode(text, vocab, special, begin=None, end=None, allow_special=True):
    for name, token in (("begin", begin), ("end", end)):
        if token is not None and token not in special:
            raise ValueError(f"{name} is {token!r}; it must be one of {list(special)}")
    ids = [] if begin is None else [special[begin]]
    behind = 0
    if allow_special and special:
        longest_first = sorted(special, key=len, reverse=True)
        for found in re.finditer("|".join(map(re.escape, longest_first)), text):
            ids += [*cut(text[behind : found.start()].strip(), vocab), special[found[0]]]
            behind = found.end()
    ids += cut(text[behind:].strip(), vocab)
    return ids if end is None else [*ids, special[end]]
