"""Measures the length in characters."""


def build_index(documents: dict[str, str]) -> Index:
    """The ids, the lengths in terms, and for each term its (position, count) pairs."""
    lengths: list[int] = []
    postings: dict[str, list[tuple[int, int]]] = {}
    for position, text in enumerate(documents.values()):
        terms = tokenize(text)
        lengths.append(len(text))
        for term, count in Counter(terms).items():
            postings.setdefault(term, []).append((position, count))
    return list(documents), lengths, postings
