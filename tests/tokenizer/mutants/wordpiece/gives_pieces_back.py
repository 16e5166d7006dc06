"""Tries a shorter piece when the longest one leads nowhere."""


def split_word(word, vocab, max_chars=100):
    if max_chars < 1:
        raise ValueError(f"max_chars is {max_chars}")
    if len(word) > max_chars:
        return ["[UNK]"]

    def search(start):
        if start == len(word):
            return []
        for end in range(len(word), start, -1):
            piece = ("##" if start > 0 else "") + word[start:end]
            if piece in vocab and (rest := search(end)) is not None:
                return [piece, *rest]
        return None

    found = search(0)
    return ["[UNK]"] if found is None else found
