"""Uses re.split for the special tokens and one pattern, tried at every place, for the pieces."""


def alternatives_of(spellings):
    return "|".join(re.escape(s) for s in sorted(spellings, key=lambda s: (-len(s), s)))


def encode(text, vocab, special, begin=None, end=None, allow_special=True):
    def around(name, token):
        if token is None:
            return ()
        if token not in special:
            raise ValueError(f"{name}={token} is not registered")
        return (special[token],)

    def pieces(stretch):
        for found in re.finditer(f"({alternatives_of(vocab) or '(?!)'})|(.)", stretch, re.DOTALL):
            if found[1] is None:
                raise ValueError(f"nothing in the vocabulary begins {found[2]!r}")
            yield vocab[found[1]]

    head, tail = around("begin", begin), around("end", end)
    chosen = alternatives_of(special if allow_special else ()) or "(?!)"
    stretches = re.split(f"({chosen})", text)
    middle = (
        [special[part]] if odd % 2 else list(pieces(part)) for odd, part in enumerate(stretches)
    )
    return [*head, *(i for ids in middle for i in ids), *tail]


def decode(ids, vocab, special, skip_special=False):
    ordinary = dict(map(reversed, vocab.items()))
    control = dict.fromkeys(special.values(), "")
    if not skip_special:
        control = dict(map(reversed, special.items()))
    spelling = {**ordinary, **control}
    unknown = [i for i in ids if i not in spelling]
    if unknown:
        raise ValueError(f"unknown ids: {unknown}")
    return "".join(map(spelling.__getitem__, ids))
