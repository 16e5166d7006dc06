"""Takes a limit below 1 without complaint."""


def split_word(word, vocab, max_chars=100):
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
        pieces.append(piece)
        start = end
    return pieces


def wordpiece_encode(text, vocab, max_chars=100):
    punctuation = re.escape(string.punctuation)
    tokens = []
    for word in re.finditer(rf"[{punctuation}]|[^\s{punctuation}]+", text):
        start = word.start()
        for piece in split_word(word.group(), vocab, max_chars):
            end = word.end() if piece == "[UNK]" else start + len(piece.removeprefix("##"))
            tokens.append((piece, start, end))
            start = end
    return tokens
