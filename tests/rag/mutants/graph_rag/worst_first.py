"""Sorts by the score, the lowest first."""


def rank_triples(triples, distance, query):
    asked = set(split(query))

    def score(i):
        s, r, o = triples[i]
        return (1 + len(asked & set(split(f"{s} {r} {o}")))) / (1 + min(distance[s], distance[o]))

    inside = [i for i, (s, _, o) in enumerate(triples) if s in distance and o in distance]
    return sorted(inside, key=lambda i: (score(i), i))
