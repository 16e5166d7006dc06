"""Counts a word of the query as often as it is repeated."""


def search(index, query, k):
    if k < 1:
        raise ValueError(f"k is {k}")
    counts = Counter()
    for word in query.lower().split():
        counts.update(index["postings"].get(word, []))
    found = [(*index["chunks"][i], n) for i, n in counts.items() if index["alive"][i]]
    return sorted(found, key=lambda hit: (-hit[3], hit[0], hit[1]))[:k]
