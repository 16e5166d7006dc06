"""Takes the lengths of the columns."""


def cosine(queries: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """The cosines (m, n) of queries (m, d) with vectors (n, d)."""
    q, v = unit(queries, "queries"), unit(vectors, "vectors")
    if q.shape[1] != v.shape[1]:
        raise ValueError(f"queries are of size {q.shape[1]}; the vectors of {v.shape[1]}")
    return q @ v.T


def unit(x: np.ndarray, name: str) -> np.ndarray:
    """Each row of `x` divided by its length, a row of zeros as it is."""
    x = np.asarray(x, dtype=np.float64)
    if not np.isfinite(x).all():
        raise ValueError(f"{name} hold NaN or infinity; all numbers must be finite")
    by = np.abs(x).max(axis=0, initial=0)
    x = x / np.where(by > 0, by, 1)
    by = np.linalg.norm(x, axis=0)
    return x / np.where(by > 0, by, 1)
