"""Reports seeds that no triple names."""


def k_hop(triples, seeds, hops):
    if hops < 0:
        raise ValueError("hops is negative")
    neighbors = {}
    for s, _, o in triples:
        neighbors.setdefault(s, []).append(o)
        neighbors.setdefault(o, []).append(s)
    ring = list(seeds)
    distance = dict.fromkeys(ring, 0)
    for step in range(1, hops + 1):
        ring = [n for e in ring for n in neighbors.get(e, []) if n not in distance]
        if not ring:
            break
        distance.update(dict.fromkeys(ring, step))
    return distance
