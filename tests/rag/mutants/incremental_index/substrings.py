"""Looks for the words of the query inside other words."""


def search(index, query, k):
    if k < 1:
        raise ValueError(f"k is {k}")
    found = []
    for chunk, alive in zip(index["chunks"], index["alive"]):
        score = sum(word in chunk[2].lower() for word in set(query.lower().split()))
        if alive and score:
            found.append((*chunk, score))
    return sorted(found, key=lambda hit: (-hit[3], hit[0], hit[1]))[:k]
