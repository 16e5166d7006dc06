"""What goes into the prompt when not everything fits: packing, order, compression, map-reduce.

A generator reads a limited number of tokens, and uses those in the middle of a long prompt least
(liu2024lost). So passages are packed into a budget, best first and none twice; put into an order
that keeps the best at the ends; compressed to the sentences that matter for the question, as
RECOMP's extractive compressor does with a trained encoder (xu2024recomp); or, for a document that
is longer than any budget, read window by window, with the findings joined at the end
(map-reduce) or carried along (refine).

What this leaves out: abstractive summaries and token-level compression, which need a model, and
the exact knapsack, which would pack by value for money.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, get_args

from handtorch.rag.documents import Chunk
from handtorch.rag.text import sentences, words

Count = Callable[[str], int]
Order = Literal["best first", "best last", "ends", "document"]
#: Of two pieces, the better is preferred: how much a piece helps with a question.
Rate = Callable[[str, str], float]


def count_words(text: str) -> int:
    """Tokens, roughly: words, with an identifier's parts, and pairs of Chinese characters."""
    return len(words(text))


def pack(ranked: Iterable[Chunk], budget: int, count: Count = count_words) -> list[Chunk]:
    """The best passages that fit, in their order; one that does not fit is passed over.

    A passage of which at least half of the characters are in one that is packed already is
    dropped: overlapping chunks and the children of a parent would fill the prompt with the same
    words.

    Raises:
        ValueError: if `budget` is negative.
    """
    _check_budget(budget)
    packed: list[Chunk] = []
    for chunk in ranked:
        size = count(chunk.text)
        if size <= budget and not any(_shared(chunk, other) >= 0.5 for other in packed):
            packed.append(chunk)
            budget -= size
    return packed


def arrange(ranked: Sequence[Chunk], order: Order) -> list[Chunk]:
    """Passages, given best first, in an order for the prompt.

    Args:
        order: "best first"; "best last", next to a question at the end; "ends", the best at the
            beginning, the second at the end, and so on inward, the worst in the middle;
            "document", passages of one document together, as they stand there, documents in the
            order of their best passage.

    Raises:
        ValueError: for another order.
    """
    if order not in get_args(Order):
        raise ValueError(f"order is {order!r}; it must be one of {', '.join(get_args(Order))}")
    if order == "best last":
        return list(reversed(ranked))
    if order == "ends":
        return [*ranked[::2], *reversed(ranked[1::2])]
    if order == "document":
        place = {c.document: i for i, c in reversed(list(enumerate(ranked)))}
        return sorted(ranked, key=lambda c: (place[c.document], c.start))
    return list(ranked)


def word_weights(texts: Sequence[str]) -> Callable[[str], float]:
    """How much a word tells: its idf in `texts`, ``ln(1 + (n + 0.5) / (df + 0.5))``."""
    frequency = Counter(word for text in texts for word in set(words(text)))
    return lambda word: math.log(1 + (len(texts) + 0.5) / (frequency[word] + 0.5))


def word_overlap(texts: Sequence[str]) -> Rate:
    """A rate: the share of the question's weight that a piece holds, a word weighing its idf.

    Args:
        texts: what document frequencies are counted in.
    """
    weight = word_weights(texts)

    def rate(question: str, piece: str) -> float:
        asked = {word: weight(word) for word in set(words(question))}
        held = math.fsum(asked[word] for word in asked.keys() & set(words(piece)))
        return held / math.fsum(asked.values()) if asked else 0.0

    return rate


def select_sentences(
    question: str, texts: Sequence[str], budget: int, rate: Rate, count: Count = count_words
) -> list[list[tuple[int, int]]]:
    """For each text the spans of its sentences that help most, within one budget for all.

    Sentences are taken by their rate, from all texts together; of equal ones the earlier; one
    that does not fit is passed over. Sentences that follow one another become one span.

    Raises:
        ValueError: if `budget` is negative.
    """
    _check_budget(budget)
    spans = [(i, start, stop) for i, text in enumerate(texts) for start, stop in sentences(text)]
    kept = []
    for i, start, stop in sorted(spans, key=lambda s: -rate(question, texts[s[0]][s[1] : s[2]])):
        size = count(texts[i][start:stop])
        if size <= budget:
            kept.append((i, start, stop))
            budget -= size
    selected: list[list[tuple[int, int]]] = [[] for _ in texts]
    for i, start, stop in sorted(kept):
        mine = selected[i]
        if mine and not texts[i][mine[-1][1] : start].strip():
            mine[-1] = (mine[-1][0], stop)
        else:
            mine.append((start, stop))
    return selected


def compress(
    question: str, texts: Sequence[str], budget: int, rate: Rate, count: Count = count_words
) -> list[str]:
    """Of each text the sentences that help most; texts of which nothing is kept are left out."""
    selected = select_sentences(question, texts, budget, rate, count)
    pieces = [" ".join(t[start:stop] for start, stop in s) for t, s in zip(texts, selected)]
    return [piece for piece in pieces if piece]


def compress_chunks(
    question: str, ranked: Sequence[Chunk], budget: int, rate: Rate, count: Count = count_words
) -> list[Chunk]:
    """As `compress`, keeping offsets: a citation can still point at the characters it rests on.

    The pieces stand in the order of the passages they come from, with ids of their own.
    """
    pieces = []
    selected = select_sentences(question, [chunk.text for chunk in ranked], budget, rate, count)
    for chunk, spans in zip(ranked, selected):
        for start, stop in spans:
            at = (chunk.start + start, chunk.start + stop)
            id = f"{chunk.id}@{start}-{stop}"
            pieces.append(Chunk(id, chunk.document, *at, chunk.text[start:stop], chunk.metadata))
    return pieces


def windows(text: str, budget: int, count: Count = count_words) -> list[str]:
    """The text cut between sentences into pieces of at most `budget` tokens.

    A single sentence that is longer is a piece of its own.

    Raises:
        ValueError: if `budget` is below 1.
    """
    if budget < 1:
        raise ValueError(f"budget is {budget}; it must be 1 or more")
    pieces: list[str] = []
    left = 0
    for start, stop in sentences(text):
        size = count(text[start:stop])
        if pieces and size <= left:
            pieces[-1] += " " + text[start:stop]
            left -= size
        else:
            pieces.append(text[start:stop])
            left = budget - size
    return pieces


def map_reduce(
    question: str, parts: Sequence[str], budget: int, rate: Rate, count: Count = count_words
) -> str:
    """Read every part by itself, then join: each gives its best sentences, the best of all stay.

    Each part may hand on `budget` tokens, so nothing that is best overall is lost in the map
    step, and the parts can be read in any order, or at the same time.
    """
    notes = [" ".join(compress(question, [part], budget, rate, count)) for part in parts]
    return " ".join(compress(question, notes, budget, rate, count))


def refine(
    question: str, parts: Iterable[str], budget: int, rate: Rate, count: Count = count_words
) -> str:
    """Read the parts in order and keep notes: after each, what is best of notes and part.

    One pass with one window in memory, and no way back: a sentence that is dropped is gone.
    """
    notes = ""
    for part in parts:
        notes = " ".join(compress(question, [notes, part], budget, rate, count))
    return notes


def _shared(chunk: Chunk, other: Chunk) -> float:
    """The share of the characters of `chunk` that `other` holds too."""
    if chunk.document != other.document or chunk.stop <= chunk.start:
        return 0.0
    common = min(chunk.stop, other.stop) - max(chunk.start, other.start)
    return max(0, common) / (chunk.stop - chunk.start)


def _check_budget(budget: int) -> None:
    if budget < 0:
        raise ValueError(f"budget is {budget}; it must be 0 or more")
