"""Arrays: every term's column of postings is added at once, and a stable argsort ranks."""

import numpy as np


def tokenize(text: str) -> list[str]:
    return [run.group() for run in re.finditer(r"\w+", text.lower())]


def build_index(documents: dict[str, str]) -> Index:
    cut = [tokenize(text) for text in documents.values()]
    vocabulary = sorted({term for parts in cut for term in parts})
    counts = np.zeros((len(cut), len(vocabulary)), dtype=int)
    column = {term: j for j, term in enumerate(vocabulary)}
    for i, parts in enumerate(cut):
        np.add.at(counts[i], [column[term] for term in parts], 1)
    postings = {
        term: [(int(i), int(counts[i, j])) for i in np.flatnonzero(counts[:, j])]
        for j, term in enumerate(vocabulary)
    }
    return [*documents], [len(parts) for parts in cut], postings


def bm25_scores(index: Index, terms: list[str], k1: float = 1.5, b: float = 0.75) -> list[float]:
    if not k1 >= 0:
        raise ValueError(f"k1 must not be negative, but it is {k1}")
    if b < 0 or b > 1:
        raise ValueError(f"b must be in [0, 1], but it is {b}")
    lengths = np.array(index[1], dtype=np.float64)
    total = np.zeros(len(lengths))
    if not lengths.any():
        return total.tolist()
    room = k1 * (1 - b + b * lengths / lengths.mean())
    for term, times in Counter(terms).items():
        if term in index[2]:
            at, f = np.array(index[2][term]).T
            idf = np.log1p((len(lengths) - len(at) + 0.5) / (len(at) + 0.5))
            total[at] += times * idf * f / (f + room[at])
    return total.tolist()


def bm25_search(
    index: Index, query: str, k: int, k1: float = 1.5, b: float = 0.75
) -> list[tuple[str, float]]:
    if k <= 0:
        raise ValueError(f"k must be positive, but it is {k}")
    scores = np.array(bm25_scores(index, tokenize(query), k1, b))
    order = np.argsort(-scores, kind="stable")
    return [(index[0][i], float(scores[i])) for i in order[: min(k, int((scores > 0).sum()))]]
