"""Takes the repetitions out of the argument itself."""


def unique(ranked):
    seen = set()
    for i, id in reversed(list(enumerate(ranked))):
        if id in ranked[:i]:
            del ranked[i]
        seen.add(id)
    return ranked
