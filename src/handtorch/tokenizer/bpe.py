"""Byte-pair encoding on characters, as Sennrich, Haddow and Birch describe it (sennrich2016).

Training starts from characters and, again and again, joins the pair of neighboring symbols that
occurs most often. Encoding replays the joins in the order in which they were learned. Both are
written as plainly as possible: every step goes through all pairs anew. `bpe_fast` gives the same
merges without that; `byte_bpe` starts from bytes instead of characters.

What this leaves out: a marker of word boundaries (append one to the words to have it, as in
``"low_"``) and ids (`byte_bpe` has them).
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Literal

Pair = tuple[str, str]
Ties = Literal["lexicographic", "ids"]


def pair_counts(words: Mapping[tuple[str, ...], int]) -> Counter[Pair]:
    """How often each pair of neighbors occurs.

    Args:
        words: words as tuples of symbols, each with how often it occurs.

    Example: ``{("a", "a", "a"): 2}`` -> ``{("a", "a"): 4}``, for neighbors may overlap
    """
    counts: Counter[Pair] = Counter()
    for symbols, count in words.items():
        for pair in pairwise(symbols):
            counts[pair] += count
    return counts


def merge_pair(symbols: Sequence[str], pair: Pair) -> tuple[str, ...]:
    """Join every occurrence of `pair`, from left to right, none overlapping.

    Example: ``("a", "a", "a"), ("a", "a")`` -> ``("aa", "a")``
    """
    merged: list[str] = []
    i = 0
    while i < len(symbols):
        if i + 1 < len(symbols) and (symbols[i], symbols[i + 1]) == pair:
            merged.append(symbols[i] + symbols[i + 1])
            i += 2
        else:
            merged.append(symbols[i])
            i += 1
    return tuple(merged)


def train_bpe(
    word_counts: Mapping[str, int], num_merges: int, *, ties: Ties = "lexicographic"
) -> list[Pair]:
    """Learn `num_merges` merges, in order; fewer if no pair is left to merge.

    Args:
        word_counts: how often each word occurs.
        num_merges: how many merges to learn, at least 0.
        ties: which of several most frequent pairs comes first. "lexicographic": the smallest
            as a tuple of strings. "ids": the smallest as a tuple of ids, where the characters
            are numbered first, sorted, and then the merged symbols by age; this is the order of
            Hugging Face's `tokenizers`.

    Raises:
        ValueError: if `num_merges` or a count is negative, or `ties` is neither of the two.

    Example: ``{"low": 3, "lot": 2}, 2`` -> ``[("l", "o"), ("lo", "w")]``
    """
    check_training_arguments(word_counts, num_merges, ties)
    words = {tuple(word): count for word, count in word_counts.items() if count}
    ids = {symbol: i for i, symbol in enumerate(sorted(set().union(*words)))}
    merges: list[Pair] = []
    for _ in range(num_merges):
        counts = pair_counts(words)
        if not counts:
            break
        best = min(counts, key=_preference(counts, ids if ties == "ids" else None))
        merges.append(best)
        ids[best[0] + best[1]] = len(ids)
        words = {merge_pair(symbols, best): count for symbols, count in words.items()}
    return merges


def bpe_encode(word: str, merges: Sequence[Pair]) -> list[str]:
    """Cut `word` into symbols: of the merges that apply, the earliest first, everywhere.

    Merges that training yields only apply after those that made their parts, and no two make
    the same symbol, so this is their replay in order, without trying the ones that do not
    occur. Characters that training never saw come out as they are, one symbol each.

    Example: ``"lower", [("l", "o"), ("lo", "w")]`` -> ``["low", "e", "r"]``
    """
    rank = {pair: i for i, pair in enumerate(merges)}
    symbols = tuple(word)
    while len(symbols) > 1:
        best = min(pairwise(symbols), key=lambda pair: rank.get(pair, len(merges)))
        if best not in rank:
            break
        symbols = merge_pair(symbols, best)
    return list(symbols)


def check_training_arguments(word_counts: Mapping[str, int], num_merges: int, ties: str) -> None:
    """Raise ValueError for arguments that no trainer of this book takes."""
    if num_merges < 0:
        raise ValueError(f"num_merges is {num_merges}; it must be 0 or more")
    if ties not in ("lexicographic", "ids"):
        raise ValueError(f'ties is {ties!r}; it must be "lexicographic" or "ids"')
    for word, count in word_counts.items():
        if count < 0:
            raise ValueError(f"word_counts[{word!r}] is {count}; it must be 0 or more")


def _preference(
    counts: Mapping[Pair, int], ids: Mapping[str, int] | None
) -> Callable[[Pair], tuple[int, tuple[str, str] | tuple[int, int]]]:
    """What to minimize to find the next merge: frequent pairs first, then the order of ties."""
    if ids is None:
        return lambda pair: (-counts[pair], pair)
    return lambda pair: (-counts[pair], (ids[pair[0]], ids[pair[1]]))
