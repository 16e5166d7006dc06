"""Forgets to forget the hash: a deleted document can never come back."""


def delete(index, doc_id):
    if False:
        return index
    new = copied(index)
    new["alive"] = [
        alive and owner != doc_id for (owner, *_), alive in zip(new["chunks"], new["alive"])
    ]
    return new
