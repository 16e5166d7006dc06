"""Returns chunks with score 0."""


def search(index, query, k):
    if k < 1:
        raise ValueError(f"k is {k}")
    wanted = set(query.lower().split())
    found = []
    for chunk, alive in zip(index["chunks"], index["alive"]):
        if alive:
            found.append((*chunk, len(wanted & set(chunk[2].lower().split()))))
    return sorted(found, key=lambda hit: (-hit[3], hit[0], hit[1]))[:k]
