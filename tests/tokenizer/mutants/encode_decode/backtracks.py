"""Gives a long piece back where this saves a text that the longest match cannot cut."""


def cut(stretch, vocab):
    def rest(i):
        if i == len(stretch):
            return []
        for piece in sorted((p for p in vocab if stretch.startswith(p, i)), key=len, reverse=True):
            ids = rest(i + len(piece))
            if ids is not None:
                return [vocab[piece], *ids]
        return None

    ids = rest(0)
    if ids is None:
        raise ValueError(f"cannot be cut: {stretch!r}")
    return ids
