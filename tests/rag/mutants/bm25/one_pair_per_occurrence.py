"""Appends a pair for every occurrence."""


def build_index(documents: dict[str, str]) -> Index:
    """The ids, the lengths in terms, and for each term its (position, count) pairs."""
    lengths: list[int] = []
    postings: dict[str, list[tuple[int, int]]] = {}
    for position, text in enumerate(documents.values()):
        terms = tokenize(text)
        lengths.append(len(terms))
        for term, count in [(term, 1) for term in terms]:
            postings.setdefault(term, []).append((position, count))
    return list(documents), lengths, postings
