"""Removes the hash, and lets the chunks live."""


def delete(index, doc_id):
    if doc_id not in index["hashes"]:
        return index
    new = copied(index)
    del new["hashes"][doc_id]
    new["alive"] = [alive for (owner, *_), alive in zip(new["chunks"], new["alive"])]
    return new
