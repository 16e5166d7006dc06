"""Buries an old chunk only if the new version has one of its number."""


def upsert(index, doc_id, text):
    fingerprint = hashlib.sha256(text.encode("utf-8")).hexdigest()
    if index["hashes"].get(doc_id) == fingerprint:
        return index
    new = copied(index)
    words, size = text.split(), index["size"]
    for number, start in enumerate(range(0, len(words), size)):
        for i, chunk in enumerate(new["chunks"]):
            if chunk[:2] == [doc_id, number]:
                new["alive"][i] = False
        add_chunk(new, doc_id, number, " ".join(words[start : start + size]))
    new["hashes"][doc_id] = fingerprint
    return new
