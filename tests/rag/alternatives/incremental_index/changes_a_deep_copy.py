"""Deep copies that are changed in place, tuples for chunks, and a search without the postings."""

import copy


def empty_index(size):
    if not size >= 1:
        raise ValueError(f"size must be positive, not {size}")
    return {"size": size, "hashes": {}, "chunks": [], "alive": [], "postings": {}}


def bury(index, doc_id):
    for position, chunk in enumerate(index["chunks"]):
        if chunk[0] == doc_id:
            index["alive"][position] = False
    index["hashes"].pop(doc_id, None)


def upsert(index, doc_id, text):
    new = copy.deepcopy(index)
    digest = hashlib.new("sha256", bytes(text, "utf-8")).hexdigest()
    if doc_id in new["hashes"] and new["hashes"][doc_id] == digest:
        return new
    bury(new, doc_id)
    new["hashes"][doc_id] = digest
    rest, number = text.split(), 0
    while rest:
        part, rest = rest[: new["size"]], rest[new["size"] :]
        for word in sorted({word.lower() for word in part}):
            new["postings"].setdefault(word, []).append(len(new["chunks"]))
        new["chunks"].append((doc_id, number, " ".join(part)))
        new["alive"].append(True)
        number += 1
    return new


def delete(index, doc_id):
    new = copy.deepcopy(index)
    bury(new, doc_id)
    return new


def search(index, query, k):
    if k <= 0:
        raise ValueError("k must be positive")
    asked = frozenset(query.lower().split())
    hits = []
    for (doc_id, number, text), alive in zip(index["chunks"], index["alive"]):
        score = len(asked.intersection(text.lower().split()))
        if alive and score > 0:
            hits.append([-score, doc_id, number, text])
    hits.sort()
    return [[doc_id, number, text, -score] for score, doc_id, number, text in hits[:k]]


def compact(index):
    new_place, chunks = {}, []
    for position, chunk in enumerate(index["chunks"]):
        if index["alive"][position]:
            new_place[position] = len(chunks)
            chunks.append(chunk)
    postings = {}
    for word, positions in index["postings"].items():
        moved = [new_place[position] for position in positions if position in new_place]
        if moved:
            postings[word] = moved
    new = dict(index, chunks=chunks, postings=postings)
    new["alive"] = [True for _ in chunks]
    return new
