"""Takes a document that is there for an unchanged one, without a look at its hash."""


def upsert(index, doc_id, text):
    fingerprint = hashlib.sha256(text.encode("utf-8")).hexdigest()
    if doc_id in index["hashes"]:
        return index
    new = delete(copied(index), doc_id)
    words, size = text.split(), index["size"]
    for number, start in enumerate(range(0, len(words), size)):
        add_chunk(new, doc_id, number, " ".join(words[start : start + size]))
    new["hashes"][doc_id] = fingerprint
    return new
