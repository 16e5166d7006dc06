"""Numbers the chunks of a new version after those of the old one."""


def upsert(index, doc_id, text):
    fingerprint = hashlib.sha256(text.encode("utf-8")).hexdigest()
    if index["hashes"].get(doc_id) == fingerprint:
        return index
    new = delete(copied(index), doc_id)
    words, size = text.split(), index["size"]
    for number, start in enumerate(
        range(0, len(words), size), start=sum(c[0] == doc_id for c in index["chunks"])
    ):
        add_chunk(new, doc_id, number, " ".join(words[start : start + size]))
    new["hashes"][doc_id] = fingerprint
    return new
