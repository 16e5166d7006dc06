"""Lets two regular expressions, alternatives sorted by length, find the longest piece."""


def pattern(pieces):
    longest_first = sorted((piece for piece in pieces if piece), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")


def split_word(word, vocab, max_chars=100):
    if not max_chars >= 1:
        raise ValueError("max_chars must be at least 1")
    if len(word) > max_chars:
        return ["[UNK]"]
    first = pattern(piece for piece in vocab if not piece.startswith("##"))
    later = pattern(piece[2:] for piece in vocab if piece.startswith("##"))
    pieces, place = [], 0
    while place < len(word):
        match = (later if place else first).match(word, place)
        if match is None:
            return ["[UNK]"]
        pieces.append("##" * (place > 0) + match.group())
        place = match.end()
    return pieces


def wordpiece_encode(text, vocab, max_chars=100):
    split_word("", vocab, max_chars)
    spaced = "".join(f"\0{c}\0" if c in string.punctuation else c for c in text)
    tokens, place = [], 0
    for word in re.split(r"[\s\0]+", spaced):
        if not word:
            continue
        place = text.index(word, place)
        pieces = split_word(word, vocab, max_chars)
        lengths = [len(piece) - 2 * (i > 0) for i, piece in enumerate(pieces)]
        if pieces == ["[UNK]"]:
            lengths = [len(word)]
        for piece, length in zip(pieces, lengths):
            tokens.append((piece, place, place + length))
            place += length
    return tokens
