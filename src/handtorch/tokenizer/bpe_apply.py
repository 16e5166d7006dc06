"""Applying merges to one piece of text, on ids: what `bpe.bpe_encode` does on strings.

Ids are given in the order in which the merges were learned, so the merge to apply first is the
one that makes the smallest id, and of its places the leftmost. A piece of a few bytes is best
searched anew after each merge; a piece of a million bytes, which some text does hold, needs a
heap, or its cost would grow with the square of its length.

What this leaves out: dropping merges at random (BPE-dropout, provilkov2020).
"""

from collections.abc import Mapping, Sequence
from heapq import heapify, heappop, heappush
from itertools import pairwise

#: Which id each pair of ids becomes.
Merged = Mapping[tuple[int, int], int]
_LONG = 40  # ids; about where the two cost the same
_NONE = 1 << 62  # above every id


def apply_merges(ids: Sequence[int], merged: Merged) -> list[int]:
    """The ids left when no merge applies any more.

    Args:
        ids: the ids to start from; not changed.
        merged: which id each pair of ids becomes.

    Example: ``[0, 1, 0, 1, 2], {(0, 1): 3, (3, 2): 4}`` -> ``[3, 4]``
    """
    apply = apply_merges_by_search if len(ids) < _LONG else apply_merges_by_heap
    return apply(ids, merged)


def apply_merges_by_search(ids: Sequence[int], merged: Merged) -> list[int]:
    """`apply_merges` by looking through all pairs for each merge: O(n²)."""
    ids = list(ids)
    lookup = merged.get
    made = [lookup(pair, _NONE) for pair in pairwise(ids)]  # what each neighbor pair would make
    while made and (new := min(made)) < _NONE:
        i = made.index(new)
        ids[i : i + 2] = [new]
        del made[i]
        if i > 0:
            made[i - 1] = lookup((ids[i - 1], new), _NONE)
        if i < len(made):
            made[i] = lookup((new, ids[i + 1]), _NONE)
    return ids


def apply_merges_by_heap(ids: Sequence[int], merged: Merged) -> list[int]:
    """`apply_merges` with a heap of places, O(n log n): each place knows its living neighbors."""
    n = len(ids)
    ids = [*ids, -1]  # -1: merged into its left neighbor, or the end
    previous, following = list(range(-1, n)), [*range(1, n + 1), n]
    heap = [(merged[pair], i) for i, pair in enumerate(pairwise(ids)) if pair in merged]
    heapify(heap)
    while heap:
        new, i = heappop(heap)
        j = following[i]
        if ids[i] < 0 or merged.get((ids[i], ids[j])) != new:
            continue  # one of the two was merged since this entry was made
        k = following[j]
        ids[i], ids[j] = new, -1
        following[i], previous[k] = k, i
        for left in (previous[i], i):
            pair = ids[left], ids[following[left]]
            if pair in merged:
                heappush(heap, (merged[pair], left))
    return [i for i in ids if i >= 0]
