"""Follows each way by recursion without noting where it has been."""


def k_hop(triples, seeds, hops):
    if hops < 0:
        raise ValueError("hops is negative")
    known = {end for s, _, o in triples for end in (s, o)}
    distance = {}

    def walk(entity, steps):
        if steps > hops:
            return
        distance[entity] = min(steps, distance.get(entity, steps))
        for s, _, o in triples:
            if s == entity and o != entity:
                walk(o, steps + 1)
            if o == entity and s != entity:
                walk(s, steps + 1)

    for seed in seeds:
        if seed in known:
            walk(seed, 0)
    return distance
