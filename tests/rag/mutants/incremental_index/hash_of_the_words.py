"""Takes the hash of the words, so that a change of white space goes unseen."""


def upsert(index, doc_id, text):
    fingerprint = hashlib.sha256(" ".join(text.split()).encode("utf-8")).hexdigest()
    if index["hashes"].get(doc_id) == fingerprint:
        return index
    new = delete(copied(index), doc_id)
    words, size = text.split(), index["size"]
    for number, start in enumerate(range(0, len(words), size)):
        add_chunk(new, doc_id, number, " ".join(words[start : start + size]))
    new["hashes"][doc_id] = fingerprint
    return new
