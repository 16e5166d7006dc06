"""Buries all documents whose id begins with this one."""


def delete(index, doc_id):
    if doc_id not in index["hashes"]:
        return index
    new = copied(index)
    del new["hashes"][doc_id]
    new["alive"] = [
        alive and not owner.startswith(doc_id)
        for (owner, *_), alive in zip(new["chunks"], new["alive"])
    ]
    return new
