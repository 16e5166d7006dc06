"""Lets an unknown id end in a KeyError."""


def decode(ids, vocab, special, skip_special=False):
    spelling = {i: token for token, i in [*vocab.items(), *special.items()]}
    skipped = set(special.values()) if skip_special else set()
    return "".join(spelling[i] for i in ids if i not in skipped)
