"""WordPiece: pieces that know whether they start a word, and greedy longest match to find them.

A piece inside a word carries the prefix ``##``: "hugs" starts out as ``h ##u ##g ##s``. Training
joins pairs of neighbors, as BPE does, under one of three rules. Encoding forgets the merges and
takes the longest piece that fits, again and again; a word that cannot be finished is ``[UNK]``.

Google never published the trainer behind BERT. The paper asks for the unit that raises the
training data's likelihood the most ("gain"); the rule usually taught is the ratio of counts
("ratio"); Hugging Face's `WordPieceTrainer` is a BPE trainer ("frequency"), and so is this one
then, piece by piece (``tests/tokenizer/test_wordpiece.py``).

Left out: lower-casing, accent stripping and the spaces around Chinese characters, which BERT does
before; the linear-time search of song2021.

Paper: schuster2012; devlin2019 for its use in BERT.
"""

import math
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

Pair = tuple[str, str]
Rule = Literal["ratio", "gain", "frequency"]

#: The prefix of a piece that continues a word.
CONTINUES = "##"


def train_wordpiece(
    word_counts: Mapping[str, int],
    vocab_size: int,
    rule: Rule = "ratio",
    special: Sequence[str] = ("[UNK]",),
) -> list[str]:
    """The vocabulary: `special`, then the alphabet, then merged pieces in the order of merging.

    Of pairs with equal scores the one whose pieces have the smallest ids comes first.

    Args:
        word_counts: how often each word occurs.
        vocab_size: how many pieces at most; fewer where no pair is left.
        rule: see `RULES`.

    Raises:
        ValueError: if `rule` is unknown, or the alphabet alone exceeds `vocab_size`.

    Example: ``{"ab": 2, "b": 1}, 5`` -> ``["[UNK]", "##b", "a", "b", "ab"]``
    """
    if rule not in RULES:
        raise ValueError(f"rule is {rule!r}; it must be one of {sorted(RULES)}")
    words = [initial_pieces(word) for word in word_counts]
    frequency = list(word_counts.values())
    vocabulary = [*special, *sorted({piece for word in words for piece in word} - {*special})]
    if len(vocabulary) > vocab_size:
        raise ValueError(f"vocab_size is {vocab_size}; special and alphabet need {len(vocabulary)}")
    ids = {piece: i for i, piece in enumerate(vocabulary)}
    pieces: Counter[str] = Counter()
    pairs: Counter[Pair] = Counter()
    where: defaultdict[Pair, set[int]] = defaultdict(set)  # words that hold a pair, or once did

    def count(i: int, sign: int) -> None:
        for piece in words[i]:
            pieces[piece] += sign * frequency[i]
        for pair in zip(words[i], words[i][1:]):
            pairs[pair] += sign * frequency[i]
            where[pair].add(i)

    def worst_last(pair: Pair) -> tuple[float, int, int]:
        a, b = pair
        score = RULES[rule](pairs[pair], pieces[a], pieces[b], total, a == b)
        return -score, ids[a], ids[b]

    for i in range(len(words)):
        count(i, +1)
    while len(ids) < vocab_size and (pairs := +pairs):  # + drops what no longer occurs
        total = pieces.total()
        best = min(pairs, key=worst_last)
        ids.setdefault(join(best), len(ids))
        for i in where.pop(best):
            count(i, -1)
            words[i] = merge_pair(words[i], best)
            count(i, +1)
    return list(ids)


def initial_pieces(word: str) -> list[str]:
    """Example: "hug" -> ["h", "##u", "##g"]"""
    return [c if i == 0 else CONTINUES + c for i, c in enumerate(word)]


def join(pair: Pair) -> str:
    """Example: ("##u", "##g") -> "##ug" """
    return pair[0] + pair[1].removeprefix(CONTINUES)


def merge_pair(word: Sequence[str], pair: Pair) -> list[str]:
    """Every occurrence of `pair` joined, from left to right.

    Example: ["h", "##u", "##g"], ("##u", "##g") -> ["h", "##ug"]
    """
    merged: list[str] = []
    i = 0
    while i < len(word):
        if tuple(word[i : i + 2]) == pair:
            merged.append(join(pair))
            i += 2
        else:
            merged.append(word[i])
            i += 1
    return merged


def likelihood_gain(ab: int, a: int, b: int, total: int, same: bool = False) -> float:
    """How many nats a merge adds to the corpus' log-likelihood under a unigram model.

    With maximum-likelihood probabilities the log-likelihood is the sum of c log c over all
    pieces' counts c, minus N log N for their total N. The merge takes `ab` from the counts of
    both parts and from the total, and adds a piece with count `ab`.

    Args:
        ab: count of the pair.
        a: count of its first piece.
        b: count of its second piece.
        total: count of all pieces.
        same: the two pieces are the same one.
    """
    if same:
        ab = min(ab, a // 2)  # in "aaa" both pairs are counted and one is merged
        pieces = _xlogx(a - 2 * ab) - _xlogx(a)
    else:
        pieces = _xlogx(a - ab) - _xlogx(a) + _xlogx(b - ab) - _xlogx(b)
    return pieces + _xlogx(ab) - _xlogx(total - ab) + _xlogx(total)


#: The score of a pair from the counts of the pair, its two pieces and all pieces.
RULES: dict[str, Callable[[int, int, int, int, bool], float]] = {
    "ratio": lambda ab, a, b, total, same: ab / (a * b),
    "gain": likelihood_gain,
    "frequency": lambda ab, a, b, total, same: float(ab),
}


def split_word(
    word: str, vocabulary: Mapping[str, int] | set[str], unk: str = "[UNK]", max_chars: int = 100
) -> list[str]:
    """Greedy longest match from the left; `[unk]` if that gets stuck or the word is too long.

    Example: "hugs", {"hug", "##s", "h"} -> ["hug", "##s"]
    """
    if len(word) > max_chars:
        return [unk]
    pieces: list[str] = []
    start = 0
    while start < len(word):
        prefix = CONTINUES if start else ""
        ends = range(len(word), start, -1)
        end = next((e for e in ends if prefix + word[start:e] in vocabulary), None)
        if end is None:
            return [unk]  # the pieces found so far go with it: a word is known or it is not
        pieces.append(prefix + word[start:end])
        start = end
    return pieces


def split_text(text: str) -> list[str]:
    """Words as BERT cuts them: at white space, and around every punctuation mark.

    Example: "Don't stop!" -> ["Don", "'", "t", "stop", "!"]
    """
    return "".join(f" {c} " if _is_punctuation(c) else c for c in text).split()


class WordPiece:
    """Text to ids by `split_text`, then `split_word`.

    Not lossless: white space is not kept, and an unknown word leaves only `unk`.

    Args:
        vocabulary: pieces in the order of their ids.
        unk: the piece for unknown words; it must be in `vocabulary`.
        max_chars: longer words are unknown; 100 in `tokenizers`, 200 in BERT's own code.

    Raises:
        ValueError: if `unk` is missing or a piece occurs twice.
    """

    def __init__(self, vocabulary: Sequence[str], unk: str = "[UNK]", max_chars: int = 100) -> None:
        self.vocabulary, self.unk, self.max_chars = list(vocabulary), unk, max_chars
        self.ids = {piece: i for i, piece in enumerate(vocabulary)}
        if unk not in self.ids:
            raise ValueError(f"unk is {unk!r}; it must be a piece of vocabulary")
        if len(self.ids) != len(vocabulary):
            raise ValueError(f"vocabulary has {len(vocabulary)} pieces, {len(self.ids)} distinct")

    @classmethod
    def train(cls, texts: Iterable[str], vocab_size: int, rule: Rule = "ratio") -> "WordPiece":
        """Learn the vocabulary from texts; see `train_wordpiece`."""
        words = Counter(word for text in texts for word in split_text(text))
        return cls(train_wordpiece(words, vocab_size, rule))

    @property
    def vocab_size(self) -> int:
        """How many pieces there are, `unk` included."""
        return len(self.vocabulary)

    def encode(self, text: str) -> list[int]:
        """The ids of `text`."""
        words = split_text(text)
        split = (split_word(word, self.ids, self.unk, self.max_chars) for word in words)
        return [self.ids[piece] for pieces in split for piece in pieces]

    def decode(self, ids: Sequence[int]) -> str:
        """Words joined by single spaces, punctuation too: not the text that was encoded."""
        return " ".join(self.vocabulary[i] for i in ids).replace(f" {CONTINUES}", "")


def _xlogx(x: int) -> float:
    return x * math.log(x) if x else 0.0


def _is_punctuation(c: str) -> bool:
    # BERT counts every ASCII symbol as punctuation, also those that Unicode calls otherwise ($).
    ascii_symbol = c.isascii() and c.isprintable() and not c.isalnum() and c != " "
    return ascii_symbol or unicodedata.category(c).startswith("P")
