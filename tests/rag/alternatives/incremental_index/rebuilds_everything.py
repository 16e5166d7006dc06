"""Every index is made anew from its list of chunks; searches gather sets and use a heap."""

import heapq


def assemble(size, hashes, chunks, alive):
    """The index with postings computed from the chunks."""
    postings = {}
    for position, (_, _, text) in enumerate(chunks):
        for word in text.lower().split():
            places = postings.setdefault(word, [])
            if not places or places[-1] != position:
                places.append(position)
    keys = ("size", "hashes", "chunks", "alive", "postings")
    return dict(zip(keys, (size, hashes, chunks, alive, postings)))


def empty_index(size):
    if size < 1:
        raise ValueError("size has to be at least 1")
    return assemble(size, {}, [], [])


def delete(index, doc_id):
    hashes = {id: value for id, value in index["hashes"].items() if id != doc_id}
    alive = [
        False if chunk[0] == doc_id else alive
        for chunk, alive in zip(index["chunks"], index["alive"])
    ]
    return assemble(index["size"], hashes, index["chunks"][:], alive)


def upsert(index, doc_id, text):
    value = hashlib.sha256(text.encode()).hexdigest()
    if index["hashes"].get(doc_id, "") == value:
        return index
    base, size, words = delete(index, doc_id), index["size"], text.split()
    count = -(-len(words) // size)
    added = [[doc_id, n, " ".join(words[n * size : (n + 1) * size])] for n in range(count)]
    return assemble(
        size,
        {**base["hashes"], doc_id: value},
        base["chunks"] + added,
        base["alive"] + [True] * count,
    )


def search(index, query, k):
    if k < 1:
        raise ValueError("k has to be at least 1")
    lists = {word: set(index["postings"].get(word, ())) for word in query.lower().split()}
    reached = set().union(*lists.values())
    hits = []
    for position in reached:
        if index["alive"][position]:
            id, number, text = index["chunks"][position]
            score = sum(position in places for places in lists.values())
            hits.append((-score, id, number, text))
    return [(id, number, text, -score) for score, id, number, text in heapq.nsmallest(k, hits)]


def compact(index):
    living = [chunk for chunk, alive in zip(index["chunks"], index["alive"]) if alive]
    return assemble(index["size"], {**index["hashes"]}, living, [True] * len(living))
