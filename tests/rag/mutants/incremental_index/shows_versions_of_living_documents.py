"""Asks whether the document lives, not the chunk."""


def search(index, query, k):
    if k < 1:
        raise ValueError(f"k is {k}")
    counts = Counter()
    for word in set(query.lower().split()):
        counts.update(index["postings"].get(word, []))
    found = [
        (*index["chunks"][i], n)
        for i, n in counts.items()
        if index["chunks"][i][0] in index["hashes"]
    ]
    return sorted(found, key=lambda hit: (-hit[3], hit[0], hit[1]))[:k]
