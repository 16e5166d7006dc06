"""Walks from subject to object only."""


def k_hop(triples, seeds, hops):
    if hops < 0:
        raise ValueError("hops is negative")
    known = {end for s, _, o in triples for end in (s, o)}
    distance = {seed: 0 for seed in seeds if seed in known}
    for step in range(1, hops + 1):
        ring = [o for s, _, o in triples if distance.get(s) == step - 1 and o not in distance]
        distance.update(dict.fromkeys(ring, step))
    return distance
