"""Counts positions from the start of each word."""


def wordpiece_encode(text, vocab, max_chars=100):
    if max_chars < 1:
        raise ValueError(f"max_chars is {max_chars}")
    punctuation = re.escape(string.punctuation)
    tokens = []
    for word in re.finditer(rf"[{punctuation}]|[^\s{punctuation}]+", text):
        start = 0
        for piece in split_word(word.group(), vocab, max_chars):
            end = len(word.group()) if piece == "[UNK]" else start + len(piece.removeprefix("##"))
            tokens.append((piece, start, end))
            start = end
    return tokens
