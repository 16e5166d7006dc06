"""Takes unknown ids for special ones and skips them."""


def decode(ids, vocab, special, skip_special=False):
    spelling = {i: token for token, i in vocab.items()}
    if skip_special:
        return "".join(spelling.get(i, "") for i in ids)
    spelling |= {i: token for token, i in special.items()}
    for i in ids:
        if i not in spelling:
            raise ValueError(f"unknown id {i}")
    return "".join(spelling[i] for i in ids)
