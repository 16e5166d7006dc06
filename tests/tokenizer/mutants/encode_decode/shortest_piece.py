"""Takes the shortest piece that fits at each place."""


def cut(stretch, vocab):
    ids, i = [], 0
    while i < len(stretch):
        piece = min((p for p in vocab if stretch.startswith(p, i)), key=len, default=None)
        if piece is None:
            raise ValueError(f"nothing fits at {stretch[i]!r}")
        ids.append(vocab[piece])
        i += len(piece)
    return ids
