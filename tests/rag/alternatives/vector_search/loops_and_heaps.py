"""Plain loops: math.hypot for the lengths, and a heap for the best."""

import heapq


def rows_of(x: np.ndarray, name: str) -> list[list[float]]:
    rows = [[float(number) for number in row] for row in x]
    for row in rows:
        if not all(math.isfinite(number) for number in row):
            raise ValueError(f"{name} must be finite")
    return rows


def cosine(queries: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    q, v = rows_of(queries, "queries"), rows_of(vectors, "vectors")
    if queries.shape[1] != vectors.shape[1]:
        raise ValueError("queries have another size than the vectors")
    result = np.zeros((len(q), len(v)))
    for i in range(len(q)):
        for j in range(len(v)):
            a, b = math.hypot(*q[i]), math.hypot(*v[j])
            if a and b:
                result[i, j] = math.fsum((x / a) * (y / b) for x, y in zip(q[i], v[j]))
    return result


def top_k(scores: np.ndarray, k: int) -> np.ndarray:
    if k < 1:
        raise ValueError("k is below 1")
    values = scores.tolist()
    if any(math.isnan(value) for value in values):
        raise ValueError("scores must not be NaN")
    best = heapq.nsmallest(k, range(len(values)), key=lambda i: (-values[i], i))
    return np.array(best, dtype=np.int64)


def search(
    ids: list[str], vectors: np.ndarray, queries: np.ndarray, k: int
) -> list[list[tuple[str, float]]]:
    if k < 1:
        raise ValueError("k is below 1")
    if len(ids) != vectors.shape[0] or len(ids) != len(dict.fromkeys(ids)):
        raise ValueError("ids must be different, one for each vector")
    rankings = []
    for scores in cosine(queries, vectors):
        rankings.append([(ids[i], scores[i]) for i in top_k(scores, k).tolist()])
    return rankings
