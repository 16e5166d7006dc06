"""Takes triples of which one end is within reach."""


def rank_triples(triples, distance, query):
    asked = set(split(query))
    far = max(distance.values(), default=0) + 1

    def score(i):
        s, r, o = triples[i]
        held = asked & set(split(f"{s} {r} {o}"))
        return (1 + len(held)) / (1 + min(distance.get(s, far), distance.get(o, far)))

    inside = [i for i, (s, _, o) in enumerate(triples) if s in distance or o in distance]
    return sorted(inside, key=lambda i: (-score(i), i))
