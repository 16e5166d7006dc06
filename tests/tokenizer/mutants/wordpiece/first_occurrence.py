"""Looks each word up by text.find, which finds the first occurrence again."""


def wordpiece_encode(text, vocab, max_chars=100):
    if max_chars < 1:
        raise ValueError(f"max_chars is {max_chars}")
    punctuation = re.escape(string.punctuation)
    tokens = []
    for word in re.finditer(rf"[{punctuation}]|[^\s{punctuation}]+", text):
        start = text.find(word.group())
        for piece in split_word(word.group(), vocab, max_chars):
            end = start + len(word.group() if piece == "[UNK]" else piece.removeprefix("##"))
            tokens.append((piece, start, end))
            start = end
    return tokens
