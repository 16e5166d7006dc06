"""Stores the hash of the first version only."""


def upsert(index, doc_id, text):
    fingerprint = hashlib.sha256(text.encode("utf-8")).hexdigest()
    if index["hashes"].get(doc_id) == fingerprint:
        return index
    old = index["hashes"].get(doc_id, fingerprint)
    new = delete(copied(index), doc_id)
    words, size = text.split(), index["size"]
    for number, start in enumerate(range(0, len(words), size)):
        add_chunk(new, doc_id, number, " ".join(words[start : start + size]))
    new["hashes"][doc_id] = old
    return new
