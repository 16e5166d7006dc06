"""Leaves punctuation inside the words."""


def wordpiece_encode(text, vocab, max_chars=100):
    if max_chars < 1:
        raise ValueError(f"max_chars is {max_chars}")
    punctuation = re.escape(string.punctuation)
    tokens = []
    for word in re.finditer(r"\S+", text):
        start = word.start()
        for piece in split_word(word.group(), vocab, max_chars):
            end = word.end() if piece == "[UNK]" else start + len(piece.removeprefix("##"))
            tokens.append((piece, start, end))
            start = end
    return tokens
