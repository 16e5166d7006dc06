"""Candidates are gone through in the order in which they come."""


def select_neighbors(vectors, candidates, m):
    taken = []
    for distance, position in candidates:
        far = distances(vectors, taken, vectors[position])
        if len(taken) < m and all(distance < f for f in far):
            taken.append(position)
    return taken
