"""Takes ids for positions in a list of all spellings, so that a negative one counts from the end."""


def decode(ids, vocab, special, skip_special=False):
    spelling = [None] * (max([*vocab.values(), *special.values()], default=-1) + 1)
    for token, i in vocab.items():
        spelling[i] = token
    for token, i in special.items():
        spelling[i] = "" if skip_special else token
    for i in ids:
        if i >= len(spelling) or spelling[i] is None:
            raise ValueError(f"unknown id {i}")
    return "".join(spelling[i] for i in ids)
