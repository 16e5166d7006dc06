"""Accepts more ids than vectors."""


def search(
    ids: list[str], vectors: np.ndarray, queries: np.ndarray, k: int
) -> list[list[tuple[str, float]]]:
    """For each query the k vectors with the highest cosines, as (id, score)."""
    if k < 1:
        raise ValueError(f"k is {k}; it must be 1 or more")
    if len(ids) < len(vectors):
        raise ValueError(f"there are {len(ids)} ids for {len(vectors)} vectors")
    if len(set(ids)) < len(ids):
        raise ValueError("ids must differ; one occurs twice")
    rows = cosine(queries, vectors)
    return [[(ids[i], float(row[i])) for i in top_k(row, k)] for row in rows]
