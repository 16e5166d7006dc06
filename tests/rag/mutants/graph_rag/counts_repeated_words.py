"""Counts every occurrence of a word in the query."""


def rank_triples(triples, distance, query):
    def score(i):
        s, r, o = triples[i]
        held = set(split(f"{s} {r} {o}"))
        found = sum(word in held for word in split(query))
        return (1 + found) / (1 + min(distance[s], distance[o]))

    inside = [i for i, (s, _, o) in enumerate(triples) if s in distance and o in distance]
    return sorted(inside, key=lambda i: (-score(i), i))
