"""Keeps spellings in tries and splits recursively at the first special token."""


def trie_of(known):
    root = {}
    for spelling, i in known.items():
        node = root
        for character in spelling:
            node = node.setdefault(character, {})
        node["id"] = i
    return root


def longest(trie, text, place):
    """The end and the id of the longest spelling at `place`."""
    best, node = (place, None), trie
    while place < len(text) and text[place] in node:
        node = node[text[place]]
        place += 1
        if "id" in node:
            best = (place, node["id"])
    return best


def encode(text, vocab, special, begin=None, end=None, allow_special=True):
    if begin is not None or end is not None:
        for name, token in (("begin", begin), ("end", end)):
            if not (token is None or token in special):
                raise ValueError(f"{name} must be a special token")
        ids = encode(text, vocab, special, allow_special=allow_special)
        front = [special[begin]] if begin is not None else []
        return front + ids + ([special[end]] if end is not None else [])
    if allow_special:
        trie = trie_of(special)
        for place in range(len(text)):
            stop, token = longest(trie, text, place)
            if token is not None:
                left = encode(text[:place], vocab, special, allow_special=False)
                return left + [token] + encode(text[stop:], vocab, special)
    trie, ids, place = trie_of(vocab), [], 0
    while place < len(text):
        stop, piece = longest(trie, text, place)
        if piece is None:
            raise ValueError(f"unknown character {text[place]}")
        ids.append(piece)
        place = stop
    return ids


def decode(ids, vocab, special, skip_special=False):
    def spell(i):
        if i in special.values():
            return "" if skip_special else list(special)[list(special.values()).index(i)]
        if i in vocab.values():
            return list(vocab)[list(vocab.values()).index(i)]
        raise ValueError(f"{i} is no id")

    return "".join([spell(i) for i in ids])
