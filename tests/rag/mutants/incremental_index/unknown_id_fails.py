"""Stops at an id that is not in the index."""


def delete(index, doc_id):
    new = copied(index)
    del new["hashes"][doc_id]
    new["alive"] = [
        alive and owner != doc_id for (owner, *_), alive in zip(new["chunks"], new["alive"])
    ]
    return new
