"""Every function returns one of its arguments."""


def level_of(u, m):
    return m


def search_layer(links, vectors, query, entries, ef):
    return entries


def select_neighbors(vectors, candidates, m):
    return candidates


def build_index(vectors, levels, m, ef_construction):
    return vectors


def search(index, vectors, query, k, ef):
    return query
