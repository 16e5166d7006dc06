"""Returns what it was given."""


def encode(text, vocab, special, begin=None, end=None, allow_special=True):
    return text


def decode(ids, vocab, special, skip_special=False):
    return ids
