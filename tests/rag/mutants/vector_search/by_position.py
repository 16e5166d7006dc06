"""Selects rightly and returns the positions in their order."""


def top_k(scores: np.ndarray, k: int) -> np.ndarray:
    """Positions of the k highest of n scores, highest first, equal ones by position."""
    if k < 1:
        raise ValueError(f"k is {k}; it must be 1 or more")
    if np.isnan(scores).any():
        raise ValueError("scores hold NaN; they must be numbers")
    k = min(k, len(scores))
    if k == 0:
        return np.zeros(0, dtype=np.intp)
    threshold = np.partition(scores, -k)[-k]
    above = np.flatnonzero(scores > threshold)
    above = above[np.argsort(-scores[above], kind="stable")]
    level = np.flatnonzero(scores == threshold)[: k - len(above)]
    return np.sort(np.concatenate([above, level]))
