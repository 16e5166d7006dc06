"""The results come out of the heap farthest first."""

right = search_layer


def search_layer(links, vectors, query, entries, ef, right=right):
    return right(links, vectors, query, entries, ef)[::-1]
