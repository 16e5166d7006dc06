"""The search sorts all vectors by their distance."""


def search(index, vectors, query, k, ef):
    for name, value in (("k", k), ("ef", ef)):
        if value < 1:
            raise ValueError(f"{name} is {value}; it must be 1 or more")
    far = ((vectors - query) ** 2).sum(1)
    return np.argsort(far, kind="stable")[:k].tolist()
