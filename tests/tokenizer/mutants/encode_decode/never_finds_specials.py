"""Cuts special tokens in the text like ordinary text."""


def encode(text, vocab, special, begin=None, end=None, allow_special=True):
    for name, token in (("begin", begin), ("end", end)):
        if token is not None and token not in special:
            raise ValueError(f"{name} is {token!r}; it must be one of {list(special)}")
    ids = [] if begin is None else [special[begin]]
    ids += cut(text, vocab)
    return ids if end is None else [*ids, special[end]]
