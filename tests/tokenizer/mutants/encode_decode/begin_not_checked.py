"""Lets a begin or end that is not registered end in a KeyError."""


def encode(text, vocab, special, begin=None, end=None, allow_special=True):
    ids = [] if begin is None else [special[begin]]
    behind = 0
    if allow_special and special:
        longest_first = sorted(special, key=len, reverse=True)
        for found in re.finditer("|".join(map(re.escape, longest_first)), text):
            ids += [*cut(text[behind : found.start()], vocab), special[found[0]]]
            behind = found.end()
    ids += cut(text[behind:], vocab)
    return ids if end is None else [*ids, special[end]]
