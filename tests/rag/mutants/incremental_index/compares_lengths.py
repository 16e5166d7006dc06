"""Takes a text of the same number of words for unchanged."""


def upsert(index, doc_id, text):
    fingerprint = hashlib.sha256(text.encode("utf-8")).hexdigest()
    if doc_id in index["hashes"] and len(text.split()) == sum(
        len(c[2].split()) for c, a in zip(index["chunks"], index["alive"]) if a and c[0] == doc_id
    ):
        return index
    new = delete(copied(index), doc_id)
    words, size = text.split(), index["size"]
    for number, start in enumerate(range(0, len(words), size)):
        add_chunk(new, doc_id, number, " ".join(words[start : start + size]))
    new["hashes"][doc_id] = fingerprint
    return new
