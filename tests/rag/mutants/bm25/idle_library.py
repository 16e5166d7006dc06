"""Lets libraries for search and this project do the work."""


def tokenize(text):
    from handtorch.rag.text import words

    return words(text)


def build_index(documents):
    from rank_bm25 import BM25Okapi

    found = BM25Okapi([re.findall(r"\w+", text.lower()) for text in documents.values()])
    postings = {}
    for i, counts in enumerate(found.doc_freqs):
        for term, count in counts.items():
            postings.setdefault(term, []).append((i, count))
    return list(documents), found.doc_len, postings


def bm25_scores(index, terms, k1=1.5, b=0.75):
    import bm25s

    if k1 < 0 or not 0 <= b <= 1:
        raise ValueError("k1 or b")
    texts = [
        [t for t, pairs in index[2].items() for j, f in pairs if j == i for _ in range(f)]
        for i in range(len(index[0]))
    ]
    found = bm25s.BM25(method="lucene", k1=k1, b=b, dtype="float64")
    found.index(texts, show_progress=False)
    return found.get_scores(terms).tolist()


def bm25_search(index, query, k, k1=1.5, b=0.75):
    import numpy as np

    from handtorch.rag.dense import top_k

    scores = np.array(bm25_scores(index, re.findall(r"\w+", query.lower()), k1, b))
    return [(index[0][i], float(scores[i])) for i in top_k(scores, k) if scores[i] > 0]
