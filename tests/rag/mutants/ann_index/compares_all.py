"""The walk compares with every vector on the level."""


def search_layer(links, vectors, query, entries, ef):
    found = [(float(((vectors[i] - query) ** 2).sum()), i) for i in links]
    return sorted(found)[:ef]
