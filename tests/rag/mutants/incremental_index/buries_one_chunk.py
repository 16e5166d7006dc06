"""Buries the first living chunk of the document only."""


def delete(index, doc_id):
    if doc_id not in index["hashes"]:
        return index
    new = copied(index)
    del new["hashes"][doc_id]
    for i, (owner, *_) in enumerate(new["chunks"]):
        if owner == doc_id and new["alive"][i]:
            new["alive"][i] = False
            break
    return new
