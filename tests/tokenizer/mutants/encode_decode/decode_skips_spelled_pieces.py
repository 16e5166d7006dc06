"""Skips every id whose spelling is that of a special token."""


def decode(ids, vocab, special, skip_special=False):
    spelling = {i: token for token, i in [*vocab.items(), *special.items()]}
    for i in ids:
        if i not in spelling:
            raise ValueError(f"unknown id {i}")
    return "".join(spelling[i] for i in ids if not (skip_special and spelling[i] in special))
