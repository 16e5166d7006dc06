"""A candidate is compared only with the neighbor taken last."""


def select_neighbors(vectors, candidates, m):
    taken = []
    for distance, position in sorted(candidates):
        last = distances(vectors, taken[:1], vectors[position])
        if len(taken) < m and all(distance < far for far in last):
            taken.append(position)
    return taken
