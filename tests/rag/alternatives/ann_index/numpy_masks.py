"""The walk on arrays of all positions: masks of who was met and expanded, instead of heaps."""


def search_layer(links, vectors, query, entries, ef):
    far = np.full(len(vectors), np.inf)
    met = np.zeros(len(vectors), bool)
    kept = np.zeros(len(vectors), bool)
    waiting = np.zeros(len(vectors), bool)

    def meet(position):
        met[position] = True
        distance = ((vectors[position] - query) ** 2).sum()
        if kept.sum() < ef or distance < far[kept].max():
            far[position] = distance
            kept[position] = waiting[position] = True
            if kept.sum() > ef:
                kept[np.where(kept, far, -np.inf).argmax()] = False

    for entry in entries:
        meet(entry)
    while waiting.any():
        nearest = int(np.where(waiting, far, np.inf).argmin())
        waiting[nearest] = False
        if kept.sum() == ef and far[nearest] > far[kept].max():
            break
        for link in links[nearest]:
            if not met[link]:
                meet(link)
    return sorted((float(far[i]), int(i)) for i in np.flatnonzero(kept))
