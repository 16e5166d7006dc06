"""Plain loops, no counters: each document is scored by itself, and a heap picks the best."""

import heapq


def tokenize(text: str) -> list[str]:
    terms, run = [], ""
    for character in text.lower() + " ":
        if re.match(r"\w", character):
            run += character
        elif run:
            terms.append(run)
            run = ""
    return terms


def build_index(documents: dict[str, str]) -> Index:
    ids, lengths, postings = [], [], {}
    for name in documents:
        tally = {}
        for term in tokenize(documents[name]):
            tally[term] = tally.get(term, 0) + 1
        for term in tally:
            postings[term] = postings.get(term, []) + [(len(ids), tally[term])]
        ids.append(name)
        lengths.append(sum(tally.values()))
    return ids, lengths, postings


def bm25_scores(index: Index, terms: list[str], k1: float = 1.5, b: float = 0.75) -> list[float]:
    if k1 < 0:
        raise ValueError("k1 is negative")
    if not (b >= 0 and b <= 1):
        raise ValueError("b is not from 0 to 1")
    ids, lengths, postings = index
    N = len(ids)
    counts = {term: dict(postings.get(term, ())) for term in terms}

    def score(i: int) -> float:
        parts = [0.0]
        for term in terms:
            f, n = counts[term].get(i, 0), len(counts[term])
            if f:
                idf = math.log((N + 1) / (n + 0.5))  # 1 + (N - n + 0.5) / (n + 0.5)
                norm = 1 + b * (lengths[i] * N / sum(lengths) - 1)
                parts.append(idf / (1 + k1 * norm / f))
        return math.fsum(parts)

    return [score(i) for i in range(N)]


def bm25_search(
    index: Index, query: str, k: int, k1: float = 1.5, b: float = 0.75
) -> list[tuple[str, float]]:
    if k < 1:
        raise ValueError("k is below 1")
    terms = tokenize(query)
    scores = bm25_scores(index, terms, k1, b)
    found = {i for term in terms for i, _ in index[2].get(term, [])}
    best = heapq.nsmallest(k, sorted(found), key=lambda i: (-scores[i], i))
    return [(index[0][i], scores[i]) for i in best]
