"""Counts the query's words once."""


def expand(
    query: str,
    synonyms: dict[str, list[str]],
    passages: list[tuple[str, float]],
    terms: int = 10,
    synonym_weight: float = 0.5,
    feedback_weight: float = 0.25,
) -> dict[str, float]:
    """Weights of the query's words, of their synonyms, and of words of the passages."""
    if not 0 <= synonym_weight < 1:
        raise ValueError(f"synonym_weight is {synonym_weight}; it must be in [0, 1)")
    if not 0 <= feedback_weight < 1:
        raise ValueError(f"feedback_weight is {feedback_weight}; it must be in [0, 1)")
    own = {word: 1.0 for word, count in Counter(words(query)).items()}
    added = {synonym: synonym_weight for word in own for synonym in synonyms.get(word, [])}
    model = relevance_model(passages)
    best = sorted((-p, word) for word, p in model.items() if word not in own)[:terms]
    for p, word in best:
        added[word] = max(added.get(word, 0.0), feedback_weight * p / best[0][0])
    return own | {word: w for word, w in added.items() if word not in own and w > 0}
