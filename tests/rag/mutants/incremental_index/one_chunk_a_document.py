"""Keeps the last living chunk of each document."""


def compact(index):
    new = empty_index(index["size"])
    new["hashes"] = dict(index["hashes"])
    last = {c[0]: c for c, alive in zip(index["chunks"], index["alive"]) if alive}
    for chunk in last.values():
        add_chunk(new, *chunk)
    return new
