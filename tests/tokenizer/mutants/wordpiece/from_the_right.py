"""Matches the longest piece from the right end of the word."""


def split_word(word, vocab, max_chars=100):
    if max_chars < 1:
        raise ValueError(f"max_chars is {max_chars}")
    if len(word) > max_chars:
        return ["[UNK]"]
    pieces, end = [], len(word)
    while end > 0:
        for start in range(end):
            piece = ("##" if start > 0 else "") + word[start:end]
            if piece in vocab:
                break
        else:
            return ["[UNK]"]
        pieces.append(piece)
        end = start
    return pieces[::-1]
