"""Looks for the split with the fewest pieces."""


def split_word(word, vocab, max_chars=100):
    if max_chars < 1:
        raise ValueError(f"max_chars is {max_chars}")
    if len(word) > max_chars:
        return ["[UNK]"]
    best = [[]] + [None] * len(word)
    for end in range(1, len(word) + 1):
        for start in range(end):
            piece = ("##" if start > 0 else "") + word[start:end]
            if best[start] is not None and piece in vocab:
                if best[end] is None or len(best[start]) + 1 < len(best[end]):
                    best[end] = best[start] + [piece]
    return ["[UNK]"] if best[-1] is None else best[-1]
