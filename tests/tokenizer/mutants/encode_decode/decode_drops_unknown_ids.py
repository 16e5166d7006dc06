"""Leaves out ids that it does not know."""


def decode(ids, vocab, special, skip_special=False):
    known = vocab if skip_special else {**vocab, **special}
    spelling = {i: token for token, i in known.items()}
    return "".join(spelling.get(i, "") for i in ids)
