"""Leaves out documents without terms."""


def build_index(documents: dict[str, str]) -> Index:
    """The ids, the lengths in terms, and for each term its (position, count) pairs."""
    lengths: list[int] = []
    postings: dict[str, list[tuple[int, int]]] = {}
    documents = {name: text for name, text in documents.items() if tokenize(text)}
    for position, text in enumerate(documents.values()):
        terms = tokenize(text)
        lengths.append(len(terms))
        for term, count in Counter(terms).items():
            postings.setdefault(term, []).append((position, count))
    return list(documents), lengths, postings
