"""Searches pieces and special tokens together by longest match."""


def encode(text, vocab, special, begin=None, end=None, allow_special=True):
    for name, token in (("begin", begin), ("end", end)):
        if token is not None and token not in special:
            raise ValueError(f"{name} is {token!r}; it must be one of {list(special)}")
    ids = cut(text, {**vocab, **special} if allow_special else vocab)
    if begin is not None:
        ids = [special[begin], *ids]
    return ids if end is None else [*ids, special[end]]
