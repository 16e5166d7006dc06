"""Keeps all chunks of documents that live, old versions too."""


def compact(index):
    new = empty_index(index["size"])
    new["hashes"] = dict(index["hashes"])
    for chunk, alive in zip(index["chunks"], index["alive"]):
        if chunk[0] in index["hashes"]:
            add_chunk(new, *chunk)
    return new
