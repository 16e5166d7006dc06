"""Takes a size of 0."""


def empty_index(size):
    return {"size": size, "hashes": {}, "chunks": [], "alive": [], "postings": {}}
