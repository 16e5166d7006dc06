"""Returns its input."""


def empty_index(size):
    return size


def upsert(index, doc_id, text):
    return index


def delete(index, doc_id):
    return index


def search(index, query, k):
    return index


def compact(index):
    return index
