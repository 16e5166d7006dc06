"""Every function returns something empty."""


def level_of(u, m):
    return 0


def search_layer(links, vectors, query, entries, ef):
    return []


def select_neighbors(vectors, candidates, m):
    return []


def build_index(vectors, levels, m, ef_construction):
    return {}


def search(index, vectors, query, k, ef):
    return []
