"""Overwrites the distance of an entity that is met again, so that circles raise it."""


def k_hop(triples, seeds, hops):
    if hops < 0:
        raise ValueError("hops is negative")
    neighbors = {}
    for s, _, o in triples:
        neighbors.setdefault(s, set()).add(o)
        neighbors.setdefault(o, set()).add(s)
    ring = {seed for seed in seeds if seed in neighbors}
    distance = dict.fromkeys(ring, 0)
    for step in range(1, min(hops, 60) + 1):
        ring = {n for entity in ring for n in neighbors[entity]}
        distance.update(dict.fromkeys(ring, step))
    return distance
