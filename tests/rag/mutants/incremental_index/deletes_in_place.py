"""Marks the tombstones in the index that it was given."""


def delete(index, doc_id):
    if doc_id not in index["hashes"]:
        return index
    new = index
    del new["hashes"][doc_id]
    new["alive"] = [
        alive and owner != doc_id for (owner, *_), alive in zip(new["chunks"], new["alive"])
    ]
    return new
