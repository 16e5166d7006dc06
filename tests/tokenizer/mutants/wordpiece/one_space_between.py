"""Supposes that one space stands between words."""


def wordpiece_encode(text, vocab, max_chars=100):
    if max_chars < 1:
        raise ValueError(f"max_chars is {max_chars}")
    tokens, start = [], 0
    for run in text.split():
        for word in re.findall(r"\w+|[^\w\s]", run):
            for piece in split_word(word, vocab, max_chars):
                end = start + len(word if piece == "[UNK]" else piece.removeprefix("##"))
                tokens.append((piece, start, end))
                start = end
        start += 1
    return tokens
