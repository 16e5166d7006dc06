"""Forgets that a pattern of no special tokens matches everywhere."""


def encode(text, vocab, special, begin=None, end=None, allow_special=True):
    for name, token in (("begin", begin), ("end", end)):
        if token is not None and token not in special:
            raise ValueError(f"{name} is {token!r}; it must be one of {list(special)}")
    ids = [] if begin is None else [special[begin]]
    known = sorted(special, key=len, reverse=True) if allow_special else []
    for part in re.split("(" + "|".join(map(re.escape, known)) + ")", text):
        ids += [special[part]] if part in special else cut(part, vocab)
    return ids if end is None else [*ids, special[end]]
