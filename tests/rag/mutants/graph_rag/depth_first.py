"""Goes deep first, so that an entity keeps the length of the first way, not of the shortest."""


def k_hop(triples, seeds, hops):
    if hops < 0:
        raise ValueError("hops is negative")
    neighbors = {}
    for s, _, o in triples:
        neighbors.setdefault(s, []).append(o)
        neighbors.setdefault(o, []).append(s)
    distance = {}
    stack = [(seed, 0) for seed in reversed(seeds) if seed in neighbors]
    while stack:
        entity, steps = stack.pop()
        if entity in distance or steps > hops:
            continue
        distance[entity] = steps
        stack += [(n, steps + 1) for n in reversed(neighbors[entity])]
    return distance
