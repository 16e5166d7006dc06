"""Returns nothing that was asked for: an empty index, an empty list."""


def empty_index(size):
    return {"size": 3, "hashes": {}, "chunks": [], "alive": [], "postings": {}}


def upsert(index, doc_id, text):
    return {"size": 3, "hashes": {}, "chunks": [], "alive": [], "postings": {}}


def delete(index, doc_id):
    return {"size": 3, "hashes": {}, "chunks": [], "alive": [], "postings": {}}


def search(index, query, k):
    return []


def compact(index):
    return {"size": 3, "hashes": {}, "chunks": [], "alive": [], "postings": {}}
