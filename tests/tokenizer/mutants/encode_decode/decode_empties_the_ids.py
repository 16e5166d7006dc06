"""Takes the ids out of the list that it was given."""


def decode(ids, vocab, special, skip_special=False):
    spelling = {i: token for token, i in [*vocab.items(), *special.items()]}
    parts = []
    while ids:
        i = ids.pop(0)
        if i not in spelling:
            raise ValueError(f"unknown id {i}")
        if not (skip_special and i in special.values()):
            parts.append(spelling[i])
    return "".join(parts)
