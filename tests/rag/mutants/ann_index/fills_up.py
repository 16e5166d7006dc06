"""Refused candidates fill the places that are left."""


def select_neighbors(vectors, candidates, m):
    taken, refused = [], []
    for distance, position in sorted(candidates):
        far = distances(vectors, taken, vectors[position])
        (taken if all(distance < f for f in far) else refused).append(position)
    return (taken + refused)[:m]
