"""Builds the pattern without re.escape."""


def encode(text, vocab, special, begin=None, end=None, allow_special=True):
    for name, token in (("begin", begin), ("end", end)):
        if token is not None and token not in special:
            raise ValueError(f"{name} is {token!r}; it must be one of {list(special)}")
    ids = [] if begin is None else [special[begin]]
    behind = 0
    if allow_special and special:
        for found in re.finditer("|".join(sorted(special, key=len, reverse=True)), text):
            ids += [*cut(text[behind : found.start()], vocab), special[found[0]]]
            behind = found.end()
    ids += cut(text[behind:], vocab)
    return ids if end is None else [*ids, special[end]]
