"""Orders ties by position, so that compaction and history decide."""


def search(index, query, k):
    if k < 1:
        raise ValueError(f"k is {k}")
    counts = Counter()
    for word in set(query.lower().split()):
        counts.update(index["postings"].get(word, []))
    found = [(*index["chunks"][i], n) for i, n in sorted(counts.items()) if index["alive"][i]]
    return sorted(found, key=lambda hit: -hit[3])[:k]
