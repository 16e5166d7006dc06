"""Keeps the hashes of the documents that have a chunk."""


def compact(index):
    new = empty_index(index["size"])
    new["hashes"] = {
        id: h for id, h in index["hashes"].items() if any(id == c[0] for c in index["chunks"])
    }
    for chunk, alive in zip(index["chunks"], index["alive"]):
        if alive:
            add_chunk(new, *chunk)
    return new
