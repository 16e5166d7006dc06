"""How many symbols each way of training BPE looks at: what every shortcut buys, machine aside.

The merges are the same on every rung of the ladder; only the work between two merges differs.

What this leaves out: the search for the most frequent pair, which `benchmarks/tokenizer_speed.py`
times, and the constant factors.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise

from handtorch.tokenizer.bpe import Pair, merge_pair


def symbols_visited(word_counts: Mapping[str, int], merges: Sequence[Pair]) -> dict[str, int]:
    """Replay `merges`, adding up how many symbols a trainer would visit for each.

    Args:
        word_counts: how often each word occurs.
        merges: what training on them yielded.

    Returns:
        Four totals: if every word of the text is gone through again; if every distinct word is;
        if only the distinct words are that hold the pair; if only the places of the pair are,
        each with its neighbors.

    Example: ``{"abcd": 3, "cd": 1}, [("a", "b")]`` -> 14, 6, 4 and 3
    """
    words = [tuple(word) for word in word_counts]
    counts = list(word_counts.values())
    holders: defaultdict[Pair, set[int]] = defaultdict(set)  # some no longer hold the pair
    for i, word in enumerate(words):
        for pair in pairwise(word):
            holders[pair].add(i)
    text = sum(count * len(word) for word, count in zip(words, counts))
    distinct = sum(map(len, words))
    visited = dict.fromkeys(["all words", "distinct words", "words with pair", "places"], 0)
    for pair in merges:
        visited["all words"] += text
        visited["distinct words"] += distinct
        for i in holders.pop(pair, set()):
            merged = merge_pair(words[i], pair)
            places = len(words[i]) - len(merged)
            if places:
                visited["words with pair"] += len(words[i])
                for k, symbol in enumerate(merged):
                    if symbol == pair[0] + pair[1]:  # its two parts, and a neighbor on each side
                        visited["places"] += 2 + (k > 0) + (k < len(merged) - 1)
                text -= places * counts[i]
                distinct -= places
                words[i] = merged
                for neighbors in pairwise(merged):
                    holders[neighbors].add(i)
    return visited
