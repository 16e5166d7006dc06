"""Walks over the text without regular expressions: first the special tokens, then the pieces."""


def longest_at(text, place, known):
    return max((token for token in known if text.startswith(token, place)), key=len, default="")


def encode(text, vocab, special, begin=None, end=None, allow_special=True):
    for name, token in {"begin": begin, "end": end}.items():
        if token is not None and token not in special:
            raise ValueError(f"no special token {token!r} for {name}")
    stretches, place, start = [], 0, 0
    while place < len(text):
        token = longest_at(text, place, special) if allow_special else ""
        if token:
            stretches.append((text[start:place], [special[token]]))
            start = place + len(token)
        place += len(token) or 1
    stretches.append((text[start:], []))
    ids = []
    for stretch, after in stretches:
        place = 0
        while place < len(stretch):
            piece = longest_at(stretch, place, vocab)
            if not piece:
                raise ValueError("no piece for " + stretch[place])
            ids.append(vocab[piece])
            place += len(piece)
        ids.extend(after)
    if begin is not None:
        ids.insert(0, special[begin])
    if end is not None:
        ids.append(special[end])
    return ids


def decode(ids, vocab, special, skip_special=False):
    text = ""
    for i in ids:
        for known in (vocab, special):
            spelled = [token for token, j in known.items() if j == i]
            if spelled:
                text += "" if skip_special and known is special else spelled[0]
                break
        else:
            raise ValueError(f"id {i} stands for nothing")
    return text
