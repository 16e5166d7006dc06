"""Takes the first piece of the dict that fits, not the longest."""


def cut(stretch, vocab):
    ids, i = [], 0
    while i < len(stretch):
        piece = next((p for p in vocab if stretch.startswith(p, i)), None)
        if piece is None:
            raise ValueError(f"nothing fits at {stretch[i]!r}")
        ids.append(vocab[piece])
        i += len(piece)
    return ids
