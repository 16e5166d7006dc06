"""Tries every name at every place; relaxes all triples until no distance changes any more."""


def link_entities(query, entities):
    words = re.findall(r"\w+", query.lower())
    found = []
    start = 0
    while start < len(words):
        best, size = None, 0
        for entity in entities:
            name = re.findall(r"\w+", entity.lower())
            if len(name) > size and words[start : start + len(name)] == name:
                best, size = entity, len(name)
        if best is not None and best not in found:
            found.append(best)
        start += max(size, 1)
    return found


def k_hop(triples, seeds, hops):
    if hops < 0:
        raise ValueError("hops must not be negative")
    infinite = float("inf")
    distance = {end: infinite for s, _, o in triples for end in (s, o)}
    distance.update({seed: 0 for seed in seeds if seed in distance})
    changed = True
    while changed:
        changed = False
        for a, _, b in (*triples, *((o, r, s) for s, r, o in reversed(triples))):
            if distance[a] + 1 < distance[b]:
                distance[b] = distance[a] + 1
                changed = True
    return {entity: steps for entity, steps in distance.items() if steps <= hops}
