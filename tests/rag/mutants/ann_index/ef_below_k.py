"""The search keeps ef results even where k is more."""


def search(index, vectors, query, k, ef):
    for name, value in (("k", k), ("ef", ef)):
        if value < 1:
            raise ValueError(f"{name} is {value}; it must be 1 or more")
    if index["entry"] is None:
        return []
    near = [index["entry"]]
    for links in index["links"][:0:-1]:
        near = [search_layer(links, vectors, query, near, 1)[0][1]]
    return [i for _, i in search_layer(index["links"][0], vectors, query, near, ef)][:k]
