"""Goes on without a word where no piece fits."""


def cut(stretch, vocab):
    ids, i = [], 0
    while i < len(stretch):
        piece = max((p for p in vocab if stretch.startswith(p, i)), key=len, default=None)
        if piece is not None:
            ids.append(vocab[piece])
        i += len(piece or " ")
    return ids
