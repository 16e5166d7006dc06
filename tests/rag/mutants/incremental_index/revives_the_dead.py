"""Computes who is alive from the document alone, so that older tombstones rise again."""


def delete(index, doc_id):
    if doc_id not in index["hashes"]:
        return index
    new = copied(index)
    del new["hashes"][doc_id]
    new["alive"] = [owner != doc_id for (owner, *_), alive in zip(new["chunks"], new["alive"])]
    return new
