"""The m nearest candidates become links, whatever their direction."""


def select_neighbors(vectors, candidates, m):
    return [position for _, position in sorted(candidates)[:m]]
