"""Looks for special tokens only where a piece ended, so that a piece can reach into one."""


def encode(text, vocab, special, begin=None, end=None, allow_special=True):
    for name, token in (("begin", begin), ("end", end)):
        if token is not None and token not in special:
            raise ValueError(f"{name} is {token!r}; it must be one of {list(special)}")
    ids = [] if begin is None else [special[begin]]
    known = special if allow_special else {}
    i = 0
    while i < len(text):
        token = max((t for t in known if text.startswith(t, i)), key=len, default=None)
        if token is not None:
            ids.append(special[token])
        else:
            token = max((p for p in vocab if text.startswith(p, i)), key=len, default=None)
            if token is None:
                raise ValueError(f"nothing fits at {text[i]!r}")
            ids.append(vocab[token])
        i += len(token)
    return ids if end is None else [*ids, special[end]]
