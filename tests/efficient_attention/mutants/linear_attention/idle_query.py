"""Returns the queries and whatever state it was given."""


def parallel(q, k, v):
    return q


def recurrent(q, k, v, state=None):
    return q, state


def chunked(q, k, v, chunk_size, state=None):
    return q, state
