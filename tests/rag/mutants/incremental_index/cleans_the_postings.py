"""Takes the dead positions out of the postings at once."""


def delete(index, doc_id):
    if doc_id not in index["hashes"]:
        return index
    new = copied(index)
    del new["hashes"][doc_id]
    new["alive"] = [
        alive and owner != doc_id for (owner, *_), alive in zip(new["chunks"], new["alive"])
    ]
    live = [i for i, alive in enumerate(new["alive"]) if alive]
    new["postings"] = {
        word: [i for i in places if i in live] for word, places in new["postings"].items()
    }
    return new
