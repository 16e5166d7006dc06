"""Takes the first piece of the vocabulary that fits, not the longest."""


def split_word(word, vocab, max_chars=100):
    if max_chars < 1:
        raise ValueError(f"max_chars is {max_chars}")
    if len(word) > max_chars:
        return ["[UNK]"]
    pieces, start = [], 0
    while start < len(word):
        for piece in vocab:
            mine = piece.removeprefix("##")
            if mine and piece.startswith("##") == (start > 0) and word.startswith(mine, start):
                break
        else:
            return ["[UNK]"]
        pieces.append(piece)
        start += len(mine)
    return pieces
