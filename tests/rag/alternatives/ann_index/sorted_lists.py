"""Sorted lists and plain loops in place of heaps, and math.dist in place of arrays."""

from bisect import insort


def level_of(u, m):
    level = 0
    while u * m ** (level + 1) <= 1:
        level += 1
    return level


def search_layer(links, vectors, query, entries, ef):
    results, waiting, met = [], [], set()
    todo = list(entries)
    while True:
        for position in todo:
            if position in met:
                continue
            met.add(position)
            found = (squared(vectors, position, query), position)
            if len(results) < ef or found[0] < results[-1][0]:
                insort(results, found)
                insort(waiting, found)
                del results[ef:]
        if not waiting:
            return results
        distance, position = waiting.pop(0)
        if len(results) == ef and distance > results[-1][0]:
            return results
        todo = links[position]


def squared(vectors, position, query):
    return sum((float(a) - float(b)) ** 2 for a, b in zip(vectors[position], query))


def select_neighbors(vectors, candidates, m):
    taken = []
    for distance, position in sorted(candidates):
        blocked = False
        for other in taken:
            if squared(vectors, other, vectors[position]) <= distance:
                blocked = True
        if not blocked and len(taken) < m:
            taken.append(position)
    return taken
