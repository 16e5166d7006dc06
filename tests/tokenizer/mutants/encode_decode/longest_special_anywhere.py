"""Splits at one special token after the other, the longest first, wherever it stands."""


def encode(text, vocab, special, begin=None, end=None, allow_special=True):
    for name, token in (("begin", begin), ("end", end)):
        if token is not None and token not in special:
            raise ValueError(f"{name} is {token!r}; it must be one of {list(special)}")
    parts = [text]
    for token in sorted(special, key=len, reverse=True) if allow_special else []:
        split = []
        for part in parts:
            if isinstance(part, int):
                split.append(part)
                continue
            for piece in part.split(token):
                split += [piece, special[token]]
            split.pop()
        parts = split
    ids = [] if begin is None else [special[begin]]
    for part in parts:
        ids += [part] if isinstance(part, int) else cut(part, vocab)
    return ids if end is None else [*ids, special[end]]
