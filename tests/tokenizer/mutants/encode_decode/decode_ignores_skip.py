"""Spells special tokens out even where they are to be skipped."""


def decode(ids, vocab, special, skip_special=False):
    spelling = {i: token for token, i in [*vocab.items(), *special.items()]}
    for i in ids:
        if i not in spelling:
            raise ValueError(f"unknown id {i}")
    return "".join(spelling[i] for i in ids)
