"""After retrieval: a better order, no repetition, less text.

`rerank` gives the candidates of a first search the order of a better, dearer scorer (`reranked`
makes a search of the two);
`listwise_rerank` and `pairwise_rerank` do it with a judge that sees several passages at once, as
large language models are used (RankGPT, sun2023rankgpt; pairwise prompting, qin2024). `mmr` trades
relevance for diversity (carbonell1998), `drop_duplicates` takes out near copies, `ends_first` puts
the best passages where a long context is read best (liu2024lost), `compress` keeps the sentences
that have to do with the question.

A ranking is a list of (id, score), best first; equal scores keep the order they came in. Left out:
calling a language model. The judges are functions, whoever answers.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cmp_to_key

import numpy as np

from handtorch.rag.dense import Ranking, Vectors, check_k, normalize
from handtorch.rag.fusion import weighted_sum
from handtorch.rag.text import sentences, words

Search = Callable[[str, int], Ranking]
Scorer = Callable[[str, Sequence[str]], Sequence[float]]


def rerank(
    query: str,
    candidates: Sequence[tuple[str, float]],
    texts: Mapping[str, str],
    scorer: Scorer,
    top_n: int,
) -> Ranking:
    """The `top_n` candidates by `scorer(query, passages)`; the first search's scores are dropped.

    Recall is the first search's: what it did not find cannot be brought back.

    Raises:
        ValueError: if `top_n` is below 1, a candidate has no text, or a score is NaN.
    """
    if top_n < 1:
        raise ValueError(f"top_n is {top_n}; it must be 1 or more")
    if missing := [key for key, _ in candidates if key not in texts]:
        raise ValueError(f"texts has no {missing[0]!r}; it must have every candidate")
    if not candidates:
        return []
    scores = [float(s) for s in scorer(query, [texts[key] for key, _ in candidates])]
    if any(score != score for score in scores):
        raise ValueError("scorer gave NaN; every score must be a number")
    pairs = [(key, score) for (key, _), score in zip(candidates, scores)]
    return sorted(pairs, key=lambda pair: -pair[1])[:top_n]


def reranked(
    search: Search, texts: Mapping[str, str], scorer: Scorer, depth: int = 20, weight: float = 1.0
) -> Search:
    """A search that reranks what another one finds.

    Args:
        search: the first search, asked for `depth` candidates.
        texts: id -> text.
        scorer: scores of passages for a query.
        depth: how many candidates are scored; more than that are never returned.
        weight: of the scorer, against 1 - `weight` for the first search. Both are brought to mean
            0 and deviation 1 over the candidates, for their scales have nothing in common.

    Raises:
        ValueError: if `depth` is below 1 or `weight` outside [0, 1].
    """
    check_k(depth)
    if not 0 <= weight <= 1:
        raise ValueError(f"weight is {weight}; it must be from 0 to 1")

    def search_and_rerank(query: str, k: int) -> Ranking:
        check_k(k)
        first = search(query, depth)
        second = rerank(query, first, texts, scorer, depth)
        both = weighted_sum([first, second], [1 - weight, weight], "z_score")
        return both[:k]

    return search_and_rerank


def remember(scorer: Scorer) -> Scorer:
    """The same scorer, which scores no pair of query and passage twice."""
    known: dict[tuple[str, str], float] = {}

    def scores(query: str, passages: Sequence[str]) -> list[float]:
        new = [p for p in dict.fromkeys(passages) if (query, p) not in known]
        known.update({(query, p): float(s) for p, s in zip(new, scorer(query, new))})
        return [known[query, p] for p in passages]

    return scores


def pairwise_rerank(items: Sequence[str], prefers: Callable[[str, str], bool]) -> list[str]:
    """Items sorted by a judge of two: `prefers(a, b)` says whether a, shown first, is better.

    Each pair is asked in both orders, for a language model favors a place; if the two answers
    contradict each other, the items are taken as equal and keep their order. A comparison sort
    asks about n log2 n pairs, and trusts the judge to be consistent.
    """

    def compare(a: str, b: str) -> int:
        first, second = prefers(a, b), prefers(b, a)
        return 0 if first == second else -1 if first else 1

    return sorted(items, key=cmp_to_key(compare))


def listwise_rerank(
    items: Sequence[str],
    order: Callable[[Sequence[str]], Sequence[int]],
    window: int = 20,
    step: int = 10,
) -> list[str]:
    """Items after one pass of a judge of lists, from the end to the front, windows overlapping.

    Args:
        items: worst last.
        order: gives the positions of at most `window` items, best first. What it repeats or
            invents is dropped, what it forgets goes to the end: language models do all three.
        window, step: the window moves by `step`; the best window - step items of each go on.

    Raises:
        ValueError: unless 1 <= `step` <= `window`.
    """
    if not 1 <= step <= window:
        raise ValueError(f"step is {step}; it must be from 1 to window, {window}")
    ranked, stop = list(items), len(items)
    while stop > 0:
        start = max(0, stop - window)
        part = ranked[start:stop]
        named = list(dict.fromkeys(i for i in order(part) if 0 <= i < len(part)))
        named += [i for i in range(len(part)) if i not in named]
        ranked[start:stop] = [part[i] for i in named]
        stop = stop - step if start else 0
    return ranked


def mmr(
    candidates: Sequence[tuple[str, float]],
    vectors: Mapping[str, Vectors],
    n: int,
    trade_off: float = 0.7,
) -> Ranking:
    """Maximal marginal relevance: pick one by one, each time the largest

        trade_off * relevance(d) - (1 - trade_off) * max over picked d' of cos(d, d').

    Relevance is the candidate's score, which should be on the scale of a cosine. Returns (id, that
    value) in the order of picking. With trade_off 1 the order is that of the scores.

    Raises:
        ValueError: if `n` is below 1 or `trade_off` outside [0, 1].
    """
    if n < 1:
        raise ValueError(f"n is {n}; it must be 1 or more")
    if not 0 <= trade_off <= 1:
        raise ValueError(f"trade_off is {trade_off}; it must be from 0 to 1")
    if not candidates:
        return []
    relevance = np.array([score for _, score in candidates], dtype=np.float64)
    x = normalize(np.stack([vectors[key] for key, _ in candidates]))
    nearest = np.zeros(len(x))  # nothing picked, nothing repeated
    left, picked = list(range(len(x))), Ranking()
    while left and len(picked) < n:
        values = trade_off * relevance[left] - (1 - trade_off) * nearest[left]
        best = left.pop(int(values.argmax()))
        picked.append((candidates[best][0], float(values.max())))
        similarity = x @ x[best]
        nearest = similarity if len(picked) == 1 else np.maximum(nearest, similarity)
    return picked


def drop_duplicates(
    candidates: Sequence[tuple[str, float]], texts: Mapping[str, str], threshold: float = 0.8
) -> Ranking:
    """The candidates without near copies: of two alike the better ranked stays.

    Alike means that their sets of three words in a row have a Jaccard similarity of `threshold` or
    more. An overlapping window of the same document is seldom that alike; see `mmr` for those.

    Raises:
        ValueError: if `threshold` is outside (0, 1].
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold is {threshold}; it must be above 0 and at most 1")
    kept: Ranking = []
    seen: list[set[tuple[str, ...]]] = []
    for key, score in candidates:
        tokens = words(texts[key])
        shingles = {tuple(tokens[i : i + 3]) for i in range(max(1, len(tokens) - 2))}
        if all(len(shingles & s) < threshold * len(shingles | s) for s in seen):
            kept.append((key, score))
            seen.append(shingles)
    return kept


def ends_first(ranking: Sequence[tuple[str, float]]) -> Ranking:
    """The best passage first, the second best last, and so on inwards: the worst in the middle.

    Example: ranks 1 2 3 4 5 -> 1 3 5 4 2
    """
    return [*ranking[::2], *reversed(ranking[1::2])]


def compress(query: str, text: str, keep: int, rarity: Callable[[str], float]) -> str:
    """The `keep` sentences of `text` that share the rarest words with the query, in text order.

    A sentence's score is the sum of `rarity` over the distinct words it shares with the query; of
    equal sentences the earlier stays. Fewer sentences than `keep` leave the text as it is.

    Raises:
        ValueError: if `keep` is below 1.
    """
    if keep < 1:
        raise ValueError(f"keep is {keep}; it must be 1 or more")
    spans = sentences(text)
    if len(spans) <= keep:
        return text
    asked = set(words(query))
    scores = [sum(rarity(w) for w in asked & set(words(text[a:b]))) for a, b in spans]
    best = sorted(range(len(spans)), key=lambda i: -scores[i])[:keep]
    return " ".join(text[spans[i][0] : spans[i][1]].strip() for i in sorted(best))
