"""A library searches, and builds."""


def level_of(u, m):
    import hnswlib

    return hnswlib.Index("l2", m)


def search_layer(links, vectors, query, entries, ef):
    import hnswlib

    index = hnswlib.Index("l2", vectors.shape[1])
    index.init_index(len(vectors))
    index.add_items(vectors)
    labels, far = index.knn_query(query, min(ef, len(vectors)))
    return list(zip(far[0].tolist(), labels[0].tolist()))


def select_neighbors(vectors, candidates, m):
    import faiss

    return faiss.IndexFlatL2(vectors.shape[1])


def build_index(vectors, levels, m, ef_construction):
    import hnswlib

    return hnswlib.Index("l2", vectors.shape[1])


def search(index, vectors, query, k, ef):
    import hnswlib

    return index.knn_query(query, k)
