"""Scales by powers of two, divides at the end, and repairs argpartition at the border."""


def scaled(x: np.ndarray, name: str) -> np.ndarray:
    x = np.array(x, dtype=float)
    if np.isnan(x).any() or np.isinf(x).any():
        raise ValueError(f"{name} must not hold NaN or infinity")
    _, exponents = np.frexp(x)
    exponents = np.where(x == 0, -2000, exponents).max(axis=1, initial=-2000)
    return np.ldexp(x, -np.where(exponents == -2000, 0, exponents)[:, None])


def cosine(queries: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    q, v = scaled(queries, "queries"), scaled(vectors, "vectors")
    if q.shape[-1] != v.shape[-1]:
        raise ValueError(f"queries of size {q.shape[-1]} do not fit vectors of {v.shape[-1]}")
    lengths = np.linalg.norm(q, axis=-1)[:, None] * np.linalg.norm(v, axis=-1)[None]
    products = np.einsum("md,nd->mn", q, v)
    return products / np.where(lengths == 0, 1, lengths)


def top_k(scores: np.ndarray, k: int) -> np.ndarray:
    if k <= 0:
        raise ValueError(f"k = {k} is not positive")
    n = len(scores)
    if n and np.isnan(np.max(scores)):
        raise ValueError("scores hold NaN")
    candidates = np.arange(n)
    if k < n:
        border = scores[np.argpartition(scores, n - k)[n - k]]
        candidates = np.flatnonzero(scores >= border)
        surplus = len(candidates) - k
        level = candidates[scores[candidates] == border]
        candidates = np.setdiff1d(candidates, level[len(level) - surplus :])
    return candidates[np.lexsort((candidates, -scores[candidates]))]


def search(
    ids: list[str], vectors: np.ndarray, queries: np.ndarray, k: int
) -> list[list[tuple[str, float]]]:
    if k <= 0:
        raise ValueError(f"k = {k} is not positive")
    if len(set(ids)) != len(vectors) or len(ids) != len(vectors):
        raise ValueError("ids do not name the vectors")
    found = []
    for i in range(len(queries)):
        scores = cosine(queries[i : i + 1], vectors)[0]
        positions = top_k(scores, k)
        found.append(list(zip([ids[p] for p in positions], scores[positions].tolist())))
    if not found:
        cosine(queries, vectors)
    return found
