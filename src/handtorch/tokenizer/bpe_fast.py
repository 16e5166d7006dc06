"""Incremental BPE training: the merges of `bpe.train_bpe`, without counting every pair anew.

A merge changes the counts only of the pairs that touch it. So the words are laid out in one
long row of symbols, each knowing its living neighbors, with three indexes beside it:

- the count of each pair, corrected as symbols disappear;
- the positions where each pair was seen, some of them gone by now (checked when used);
- a heap of the pairs by count, some of which have dropped since (checked when popped).

What this leaves out: threads, and an upper limit on the length of a token.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from heapq import heapify, heappop, heappush
from itertools import islice
from typing import TypeVar

from handtorch.tokenizer.bpe import Pair, Ties, check_training_arguments

Text = TypeVar("Text", str, bytes)
Entry = tuple[int, object, int]  # (-count, order among ties, packed pair)

_SHIFT = 32  # a pair of ids is packed into one integer: hashed and compared faster than a tuple
_MASK = (1 << _SHIFT) - 1
_EDGE, _GONE = -1, -2  # stand in the row where a word ends, and where a symbol was merged away


def train_bpe_fast(
    word_counts: Mapping[str, int], num_merges: int, *, ties: Ties = "lexicographic"
) -> list[Pair]:
    """The same merges as `bpe.train_bpe`, learned incrementally; arguments and errors as there."""
    check_training_arguments(word_counts, num_merges, ties)
    symbols = sorted(set().union(*word_counts)) if word_counts else []
    ids = {symbol: i for i, symbol in enumerate(symbols)}
    words = [[ids[character] for character in word] for word in word_counts]
    pairs = learn_merges(words, list(word_counts.values()), symbols, ties=ties)
    return [(symbols[a], symbols[b]) for a, b in islice(pairs, num_merges)]


def learn_merges(
    words: Sequence[Sequence[int]], counts: Sequence[int], symbols: list[Text], *, ties: Ties
) -> Iterator[tuple[int, int]]:
    """Yield the merges one by one, as pairs of ids, until no pair is left.

    Each merge gives a text that no symbol had before: as long as no merge crosses the borders of
    a stretch of text, it is cut alike wherever it occurs, so it comes to be from one pair only.

    Args:
        words: distinct words, each a sequence of ids.
        counts: how often each word occurs.
        symbols: what the ids stand for; each merge is appended before it is yielded.
        ties: as in `bpe.train_bpe`.
    """
    row = SymbolRow(words, counts)
    heap = PairHeap(row.pair_count, symbols, ties)
    while (pair := heap.pop()) is not None:
        a, b = unpack(pair)
        symbols.append(symbols[a] + symbols[b])
        heap.push(row.merge(pair, len(symbols) - 1))
        yield a, b


def unpack(pair: int) -> tuple[int, int]:
    """The two ids that a packed pair holds."""
    return pair >> _SHIFT, pair & _MASK


class SymbolRow:
    """All distinct words in one row of symbols, with the index from pairs to positions."""

    def __init__(self, words: Sequence[Sequence[int]], counts: Sequence[int]) -> None:
        self.symbol = [_EDGE]
        self.weight = [0]  # how often the word at this position occurs
        for word, count in zip(words, counts):
            if len(word) > 1 and count:
                self.symbol += word
                self.symbol.append(_EDGE)
                self.weight += [count] * (len(word) + 1)
        self.previous = list(range(-1, len(self.symbol) - 1))
        self.next = list(range(1, len(self.symbol) + 1))
        self.pair_count: defaultdict[int, int] = defaultdict(int)
        self.positions: defaultdict[int, list[int]] = defaultdict(list)
        for i, (a, b) in enumerate(zip(self.symbol, self.symbol[1:])):
            if a >= 0 and b >= 0:
                self.pair_count[a << _SHIFT | b] += self.weight[i]
                self.positions[a << _SHIFT | b].append(i)

    def merge(self, pair: int, new: int) -> set[int]:
        """Join every occurrence of `pair` into `new`; return the pairs that this brings about.

        Only the neighbors of an occurrence are touched: (s, a, b, t) becomes (s, new, t).
        """
        symbol, previous, following = self.symbol, self.previous, self.next
        weight, count, positions = self.weight, self.pair_count, self.positions
        a, b = unpack(pair)
        born = set()
        for i in positions.pop(pair):  # noted from left to right: aaa becomes (aa)a
            j = following[i]
            if symbol[i] != a or symbol[j] != b:
                continue  # merged into something else since it was noted
            h, k, w = previous[i], following[j], weight[i]
            symbol[i], symbol[j] = new, _GONE
            following[i], previous[k] = k, i
            if (s := symbol[h]) >= 0:
                count[s << _SHIFT | a] -= w
                count[left := s << _SHIFT | new] += w
                positions[left].append(h)
                born.add(left)
            if (t := symbol[k]) >= 0:
                count[b << _SHIFT | t] -= w
                count[right := new << _SHIFT | t] += w
                positions[right].append(i)
                born.add(right)
        del count[pair]
        return born


class PairHeap:
    """The most frequent pair, found lazily: entries whose count has dropped stay until popped."""

    def __init__(
        self, count: Mapping[int, int], symbols: Sequence[str] | Sequence[bytes], ties: Ties
    ) -> None:
        self.count = count
        self.symbols = symbols
        self.by_ids = ties == "ids"
        self.heap = [self._entry(pair) for pair in count]
        heapify(self.heap)

    def push(self, pairs: set[int]) -> None:
        """Take in pairs that have just come about; later on their counts can only drop."""
        for pair in pairs:
            heappush(self.heap, self._entry(pair))

    def pop(self) -> int | None:
        """The most frequent pair, the first among ties; None if no pair is left."""
        while self.heap:
            negative, _, pair = heappop(self.heap)
            now = self.count.get(pair, 0)
            if 0 < now == -negative:
                return pair
            if now > 0:
                heappush(self.heap, self._entry(pair))
        return None

    def _entry(self, pair: int) -> Entry:
        if self.by_ids:
            return -self.count[pair], pair, pair
        a, b = unpack(pair)
        return -self.count[pair], (self.symbols[a], self.symbols[b]), pair
