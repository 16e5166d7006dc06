"""Sorts the living chunks by document."""


def compact(index):
    new = empty_index(index["size"])
    new["hashes"] = dict(index["hashes"])
    for chunk, alive in sorted(zip(index["chunks"], index["alive"])):
        if alive:
            add_chunk(new, *chunk)
    return new
