"""An inverted index of chunks that can forget: postings, tombstones, and BM25 over the living.

`bm25.BM25` computes its scores when it is built, for all documents at once, since the statistics
in them (how many chunks there are, how long they are, how many have a term) change with every
document. Here the statistics are kept up to date and the scores are computed when they are asked
for: a query costs a pass over the postings of its terms, a change only the terms of its chunk.

A removed chunk leaves a *tombstone*. Its postings stay in their lists and searches skip them;
taking them out would need a look at every list. The living alone count in the statistics, so
that scores are those of an index that never had the dead.

What this leaves out: compression, and clearing the dead away (one builds a new index of `living`).
"""

import math
from collections import Counter
from collections.abc import Callable

from handtorch.rag.documents import Chunk
from handtorch.rag.text import words

Ranking = list[tuple[str, float]]


class Postings:
    """Chunks by their terms, with tombstones; scores as `bm25.BM25` has them by default.

    Args:
        tokenize: what turns a text into terms.
        k1: how soon more occurrences of a term stop to count.
        b: how much a chunk's length counts.
    """

    def __init__(
        self, tokenize: Callable[[str], list[str]] = words, k1: float = 1.5, b: float = 0.75
    ) -> None:
        self.tokenize, self.k1, self.b = tokenize, k1, b
        self._chunks: list[Chunk | None] = []  # by slot; None is a tombstone
        self._lengths: list[int] = []
        self._postings: dict[str, list[tuple[int, int]]] = {}  # term -> (slot, count), ...
        self._frequency: Counter[str] = Counter()  # term -> living chunks that have it
        self._total = 0  # terms in living chunks
        self.dead = 0

    @property
    def size(self) -> int:
        """All slots, living and dead."""
        return len(self._chunks)

    def add(self, chunk: Chunk) -> int:
        """Take a chunk in; its slot."""
        counts = Counter(self.tokenize(chunk.text))
        slot = len(self._chunks)
        for term, count in counts.items():
            self._postings.setdefault(term, []).append((slot, count))
        self._frequency.update(counts.keys())
        self._chunks.append(chunk)
        self._lengths.append(counts.total())
        self._total += counts.total()
        return slot

    def remove(self, slot: int) -> None:
        """Leave a tombstone in the place of a chunk."""
        chunk = self.chunk(slot)
        self._frequency.subtract(set(self.tokenize(chunk.text)))
        self._total -= self._lengths[slot]
        self._chunks[slot] = None
        self.dead += 1

    def chunk(self, slot: int) -> Chunk:
        """The living chunk of a slot."""
        chunk = self._chunks[slot]
        assert chunk is not None
        return chunk

    def living(self) -> list[Chunk]:
        """All living chunks, by slot."""
        return [chunk for chunk in self._chunks if chunk is not None]

    def search(self, query: str, k: int) -> Ranking:
        """The k best living chunks as (id, score), of those with a score above 0; ties by slot."""
        if k < 1:
            raise ValueError(f"k is {k}; it must be 1 or more")
        scores: dict[int, float] = {}
        count = self.size - self.dead
        mean = self._total / count if count else 0.0
        for term, repeats in Counter(self.tokenize(query)).items():
            n = self._frequency[term]
            idf = math.log(1 + (count - n + 0.5) / (n + 0.5))
            for slot, f in self._postings.get(term, ()) if n else ():
                if self._chunks[slot] is not None:
                    length = 1 - self.b + self.b * self._lengths[slot] / mean
                    value = repeats * idf * f / (f + self.k1 * length)
                    scores[slot] = scores.get(slot, 0.0) + value
        best = sorted(scores, key=lambda slot: (-scores[slot], slot))[:k]
        return [(self.chunk(slot).id, scores[slot]) for slot in best]
