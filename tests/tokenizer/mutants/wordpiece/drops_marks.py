"""Returns the pieces without their ##."""


def split_word(word, vocab, max_chars=100):
    if max_chars < 1:
        raise ValueError(f"max_chars is {max_chars}")
    if len(word) > max_chars:
        return ["[UNK]"]
    pieces, start = [], 0
    while start < len(word):
        for end in range(len(word), start, -1):
            piece = ("##" if start > 0 else "") + word[start:end]
            if piece in vocab:
                break
        else:
            return ["[UNK]"]
        pieces.append(piece.removeprefix("##"))
        start = end
    return pieces


def wordpiece_encode(text, vocab, max_chars=100):
    if max_chars < 1:
        raise ValueError(f"max_chars is {max_chars}")
    punctuation = re.escape(string.punctuation)
    tokens = []
    for word in re.finditer(rf"[{punctuation}]|[^\s{punctuation}]+", text):
        start = word.start()
        for piece in split_word(word.group(), vocab, max_chars):
            end = word.end() if piece == "[UNK]" else start + len(piece)
            tokens.append((piece, start, end))
            start = end
    return tokens
