"""Cuts at k first, and drops the dead afterwards."""


def search(index, query, k):
    if k < 1:
        raise ValueError(f"k is {k}")
    counts = Counter()
    for word in set(query.lower().split()):
        counts.update(index["postings"].get(word, []))
    found = [(*index["chunks"][i], n) for i, n in counts.items() for alive in [index["alive"][i]]]
    order = sorted(counts, key=lambda i: (-counts[i], index["chunks"][i][0], index["chunks"][i][1]))
    return [(*index["chunks"][i], counts[i]) for i in order[:k] if index["alive"][i]]
