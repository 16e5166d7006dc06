"""Accepts scores of 0 and below."""


def relevance_model(passages: list[tuple[str, float]]) -> dict[str, float]:
    """How likely each word is in the passages, weighted by their scores."""
    total = sum(score for _, score in passages)
    model: dict[str, float] = {}
    for text, score in passages:
        counts = Counter(word for word in words(text) if word not in STOP)
        for word, count in counts.items():
            share = score / total * count / counts.total()
            model[word] = model.get(word, 0.0) + share
    return model
