"""Ignores the size of the batch."""


def rerank(
    query: list[int],
    candidates: list[tuple[str, float, list[int]]],
    weights: dict[str, Tensor],
    heads: int,
    length: int,
    most: int,
    top_n: int,
    batch: int,
) -> list[tuple[str, float]]:
    """The `top_n` candidates with the best scores of the cross-encoder, as (id, score)."""
    for name, value in (("top_n", top_n), ("batch", batch)):
        if value < 1:
            raise ValueError(f"{name} is {value}; it must be 1 or more")
    pairs = [pack_pair(query, passage, length, most) for _, _, passage in candidates]
    scores: list[float] = []
    for start in range(0, len(pairs), len(pairs) or 1):
        padded = pad_pairs(pairs[start:])
        scores += pair_scores(*padded, weights, heads).tolist()
    ranked = [(name, score) for (name, _, _), score in zip(candidates, scores)]
    return sorted(ranked, key=lambda pair: -pair[1])[:top_n]
