"""Begins anew without the hashes."""


def compact(index):
    new = empty_index(index["size"])
    for chunk, alive in zip(index["chunks"], index["alive"]):
        if alive:
            add_chunk(new, *chunk)
    return new
