"""A small trained retriever: two towers over hashed features, and the InfoNCE loss.

A text becomes its words and their character n-grams (bojanowski2017), hashed into a fixed number
of buckets and weighted by tf-idf. One table of embeddings, shared by both towers, sums them; each
tower has a linear map of its own on top, since a question does not look like its answer. Trained on
(query, passage) pairs so that a query lies closer to its passage than to the negatives:

    loss = -log( exp(q.p+ / t) / sum over candidates p of exp(q.p / t) )          (oord2018)

It stands in for an encoder of a hundred million parameters (karpukhin2020), with the same
interface, loss and choice of negatives, and trains in seconds. It has read nothing but the pairs,
knows no word order, and is the weaker for it.
"""

import math
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from handtorch.rag.text import words

#: Words of a text that are read; an encoder built on a Transformer cuts its input as well.
MAX_WORDS = 400

#: Bucket numbers, and a weight for each.
Features = tuple[np.ndarray, np.ndarray]


class TwoTowerEncoder(nn.Module):
    """Texts to unit vectors: a bag of hashed features, then each tower's own linear map.

    Args:
        idf: (buckets,), the weight of each bucket.
        d: size of the vectors.
        generator: source of the initial table, a random projection of the tf-idf vectors.
    """

    def __init__(self, idf: np.ndarray, d: int, generator: torch.Generator) -> None:
        super().__init__()
        self.idf = idf
        table = torch.randn(len(idf), d, generator=generator, dtype=torch.float64) / math.sqrt(d)
        self.table = nn.EmbeddingBag.from_pretrained(table, freeze=False, mode="sum")
        self.query_map = nn.Parameter(torch.eye(d, dtype=torch.float64))
        self.passage_map = nn.Parameter(torch.eye(d, dtype=torch.float64))
        self.name = f"two towers trained on this corpus, {d} dimensions"

    def features(self, text: str) -> Features:
        """Buckets of `text` and their weights, scaled to length one."""
        weights: Counter[int] = Counter()
        for word, n in Counter(words(text)[:MAX_WORDS]).items():
            for bucket in hashed(word, len(self.idf)):
                weights[bucket] += 1 + math.log(n)  # type: ignore[assignment]
        buckets = np.fromiter(weights.keys(), np.int64, len(weights))
        values = np.fromiter(weights.values(), np.float64, len(weights)) * self.idf[buckets]
        return buckets, values / max(float(np.linalg.norm(values)), 1e-12)

    def forward(self, batch: Sequence[Features], tower: Tensor) -> Tensor:
        """Unit vectors (B, d) of the texts in `batch`; `tower` is one of the two maps (d, d)."""
        starts = np.cumsum([0] + [len(buckets) for buckets, _ in batch])[:-1]
        buckets = np.concatenate([b for b, _ in batch]) if batch else np.zeros(0, np.int64)
        values = np.concatenate([v for _, v in batch]) if batch else np.zeros(0)
        bag = self.table(
            torch.from_numpy(buckets),
            torch.from_numpy(starts.astype(np.int64)),
            per_sample_weights=torch.from_numpy(values),
        )  # (B, d)
        return F.normalize(bag @ tower, dim=-1)

    def encode_queries(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, (n, d) float64; zeros for a text without a word."""
        return self._encode(texts, self.query_map)

    def encode_passages(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, (n, d) float64; zeros for a text without a word."""
        return self._encode(texts, self.passage_map)

    @torch.no_grad()
    def _encode(self, texts: Sequence[str], tower: Tensor) -> np.ndarray:
        with one_thread():
            return np.asarray(self([self.features(text) for text in texts], tower).numpy())


def info_nce(q: Tensor, p: Tensor, allowed: Tensor, temperature: float = 0.1) -> Tensor:
    """Mean over queries of -log softmax at the positive.

    Args:
        q: (B, d) unit vectors of the queries.
        p: (P, d) unit vectors of the candidates; p[i] is the positive of q[i].
        allowed: (B, P), False where a candidate must not count as a negative (a copy of the
            positive, say); the positives themselves are always counted.
    """
    logits = q @ p.T / temperature  # (B, P)
    positive = torch.eye(*logits.shape, dtype=torch.bool)
    logits = logits.masked_fill(~(allowed | positive), -torch.inf)
    return F.cross_entropy(logits, torch.arange(len(q)))


def train_two_towers(
    pairs: Sequence[tuple[str, str]],
    negatives: str | Sequence[Sequence[int]] = "in_batch",
    *,
    d: int = 128,
    epochs: int = 3,
    batch_size: int = 128,
    extra: int = 1,
    buckets: int = 2**15,
    learning_rate: float = 5e-3,
    temperature: float = 0.1,
    seed: int = 0,
) -> TwoTowerEncoder:
    """Train on (query, passage) pairs; the other passages of a batch are always negatives.

    Args:
        negatives: "in_batch" adds none to them; "random" adds `extra` passages per query drawn
            from all pairs; "hard" adds `extra` per query drawn from what `hard_negatives` mined
            by BM25. A sequence gives for each pair the numbers of the pairs to draw from.

    Returns:
        The encoder, the same on every call with the same arguments.

    Raises:
        ValueError: if there are fewer than two pairs or `negatives` is none of the above.
    """
    if len(pairs) < 2:
        raise ValueError(f"pairs has {len(pairs)} elements; a contrast needs two or more")
    pools = _pools(pairs, negatives)
    generator = torch.Generator().manual_seed(seed)
    model = TwoTowerEncoder(_bucket_idf(pairs, buckets), d, generator)
    queries = [model.features(query) for query, _ in pairs]
    passages = [model.features(passage) for _, passage in pairs]
    alike = _same(pairs)
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate, fused=True)
    with one_thread():
        for _ in range(epochs):
            order = torch.randperm(len(pairs), generator=generator).tolist()
            for start in range(0, len(order), batch_size):
                batch = order[start : start + batch_size]
                chosen = batch + [j for i in batch for j in _draw(pools[i], extra, generator)]
                q = model([queries[i] for i in batch], model.query_map)
                p = model([passages[j] for j in chosen], model.passage_map)
                allowed = torch.tensor([[j not in alike[i] for j in chosen] for i in batch])
                loss = info_nce(q, p, allowed, temperature)
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
    return model.eval()


def hard_negatives(pairs: Sequence[tuple[str, str]], k: int = 20, skip: int = 0) -> list[list[int]]:
    """For each pair, the pairs whose passages BM25 ranks highest for its query, its own left out.

    Args:
        k: how many to keep.
        skip: how many of the highest to leave out: near the top, many are right answers that
            nobody marked (false negatives).
    """
    from handtorch.rag.bm25 import BM25

    index = BM25({str(i): passage for i, (_, passage) in enumerate(pairs)})
    alike = _same(pairs)
    found = [[int(j) for j, _ in index.search(query, k + skip + 1)] for query, _ in pairs]
    return [[j for j in row if j not in alike[i]][skip : skip + k] for i, row in enumerate(found)]


@lru_cache(maxsize=2**17)
def hashed(word: str, buckets: int) -> tuple[int, ...]:
    """Buckets of a word and its character n-grams, n = 3 and 4, with its ends marked.

    Example: "norm" -> those of <norm>, <no, nor, orm, rm>, <nor, norm, orm>
    """
    marked = f"<{word}>"
    grams = {marked[i : i + n] for n in (3, 4) for i in range(len(marked) - n + 1)} | {marked}
    # crc32, since Python's own hash of a string differs from process to process
    return tuple(sorted(zlib.crc32(gram.encode(errors="replace")) % buckets for gram in grams))


@contextmanager
def one_thread() -> Iterator[None]:
    """Sums in one order, whatever the number of cores, so that results repeat."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _bucket_idf(pairs: Sequence[tuple[str, str]], buckets: int) -> np.ndarray:
    df = np.zeros(buckets)
    for _, passage in pairs:
        seen = {b for word in set(words(passage)[:MAX_WORDS]) for b in hashed(word, buckets)}
        df[list(seen)] += 1
    return np.asarray(np.log((1 + len(pairs)) / (1 + df)))


def _pools(
    pairs: Sequence[tuple[str, str]], negatives: str | Sequence[Sequence[int]]
) -> Sequence[Sequence[int]]:
    if not isinstance(negatives, str):
        if len(negatives) != len(pairs):
            raise ValueError(f"negatives has {len(negatives)} elements for {len(pairs)} pairs")
        return negatives
    if negatives == "in_batch":
        return [()] * len(pairs)
    if negatives == "random":
        return [range(len(pairs))] * len(pairs)
    if negatives == "hard":
        return hard_negatives(pairs)
    raise ValueError(f"negatives is {negatives!r}; it may be 'in_batch', 'random', 'hard' or lists")


def _same(pairs: Sequence[tuple[str, str]]) -> list[set[int]]:
    """For each pair, the pairs with the same query or the same passage, itself among them."""
    by_query: dict[str, set[int]] = {}
    by_passage: dict[str, set[int]] = {}
    for i, (query, passage) in enumerate(pairs):
        by_query.setdefault(query, set()).add(i)
        by_passage.setdefault(passage, set()).add(i)
    return [by_query[query] | by_passage[passage] for query, passage in pairs]


def _draw(pool: Sequence[int], n: int, generator: torch.Generator) -> list[int]:
    if not pool:
        return []
    return [pool[i] for i in torch.randint(len(pool), (n,), generator=generator).tolist()]
