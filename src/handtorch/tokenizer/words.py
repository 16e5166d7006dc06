"""Tokenizers with a list of whole words or characters, and what they do with the rest.

A word-level vocabulary is the most frequent words of a corpus; every other word becomes ``<unk>``.
A character-level one is the same thing with characters for words. `BackoffTokenizer` keeps the
word list and spells the words that are not on it, with the <B> <M> <E> marks of the mixed
word/character model of Wu et al. (wu2016). `char_ngrams` is the set from which fastText
(bojanowski2017) builds the vector of any word; `max_match` is the dictionary segmenter that a
word-level tokenizer of Chinese needs first.

Left out: lower-casing, punctuation rules, special tokens other than ``<unk>``.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Self, TypeAlias

UNKNOWN = "<unk>"

#: How a spelled word marks its first character, those between, and its last.
MARKS = ("<B>", "<M>", "<E>")

#: A function that cuts a text into words.
Split: TypeAlias = Callable[[str], Iterable[str]]


def word_vocabulary(
    counts: Mapping[str, int], max_size: int | None = None, min_count: int = 1
) -> list[str]:
    """The vocabulary: ``<unk>``, then the words by falling count, equal counts in string order.

    Args:
        counts: how often each word occurs; ``<unk>`` itself is ignored.
        max_size: how many entries at most, ``<unk>`` included; None for no limit.
        min_count: words seen less often are left out.

    Raises:
        ValueError: if `max_size` or `min_count` is below 1.
    """
    if max_size is not None and max_size < 1:
        raise ValueError(f"max_size is {max_size}; it must be at least 1, the place of {UNKNOWN}")
    if min_count < 1:
        raise ValueError(f"min_count is {min_count}; it must be at least 1")
    kept = [word for word, count in counts.items() if count >= min_count and word != UNKNOWN]
    kept.sort(key=lambda word: (-counts[word], word))
    return [UNKNOWN, *kept][:max_size]


class WordTokenizer:
    """One id a word; a word that is not in the vocabulary is ``<unk>``, and lost.

    Example: WordTokenizer(["<unk>", "to", "be"]).encode("to be or") -> [1, 2, 0]
    """

    joiner = " "

    def __init__(self, vocab: Sequence[str], split: Split | None = None) -> None:
        """Take a vocabulary as it is; `train` builds one.

        Args:
            vocab: the entries in the order of their ids; one of them is ``<unk>``.
            split: cuts a text into words; at white space if None.

        Raises:
            ValueError: if an entry stands twice or ``<unk>`` is missing.
        """
        self.vocab = list(vocab)
        self.split = split or self._cut
        self._ids = {word: i for i, word in enumerate(self.vocab)}
        if UNKNOWN not in self._ids:
            raise ValueError(f"vocab has {len(self.vocab)} entries, none of them is {UNKNOWN!r}")
        if len(self._ids) < len(self.vocab):
            twice = next(word for i, word in enumerate(self.vocab) if self._ids[word] != i)
            raise ValueError(f"vocab holds {twice!r} twice; every entry must be there once")
        self.unk_id = self._ids[UNKNOWN]

    @classmethod
    def train(
        cls,
        texts: Iterable[str],
        max_size: int | None = None,
        min_count: int = 1,
        split: Split | None = None,
    ) -> Self:
        """Count the words of `texts` and keep those that `word_vocabulary` keeps."""
        cut = split or cls._cut
        counts = Counter(word for text in texts for word in cut(text))
        return cls(word_vocabulary(counts, max_size, min_count), split)

    @property
    def vocab_size(self) -> int:
        """How many ids there are, ``<unk>`` included."""
        return len(self.vocab)

    def encode(self, text: str) -> list[int]:
        """The ids of the words of `text`; how they were spaced is not kept."""
        return [self._ids.get(word, self.unk_id) for word in self.split(text)]

    def decode(self, ids: Sequence[int]) -> str:
        """The entries of `ids`, put together with `joiner`.

        Raises:
            ValueError: if an id is not in the vocabulary.
        """
        return self.joiner.join(self._entries(ids))

    def _entries(self, ids: Sequence[int]) -> list[str]:
        for i in ids:
            if not 0 <= i < self.vocab_size:  # without this, -1 would name the last entry
                raise ValueError(f"ids holds {i}; an id must be from 0 to {self.vocab_size - 1}")
        return [self.vocab[i] for i in ids]

    @staticmethod
    def _cut(text: str) -> list[str]:
        return text.split()


class CharTokenizer(WordTokenizer):
    """A word tokenizer whose words are characters (Unicode code points), spaces included.

    Example: CharTokenizer(["<unk>", "b", "e"]).encode("be!") -> [1, 2, 0]
    """

    joiner = ""

    @staticmethod
    def _cut(text: str) -> list[str]:
        return list(text)


class BackoffTokenizer(WordTokenizer):
    """Words where the vocabulary has them, else their characters, marked <B>, <M> or <E>.

    The marks keep the word's edges, so decoding knows where the next word begins; they also keep
    the character ``a`` inside a spelled word apart from the word "a".

    Example: with the vocabulary of "to be", "bet" -> <B>b <M>e <E>t
    """

    @classmethod
    def train(
        cls,
        texts: Iterable[str],
        max_size: int | None = None,
        min_count: int = 1,
        split: Split | None = None,
    ) -> Self:
        """As `WordTokenizer.train`, then each character of the words with each of the marks.

        `max_size` limits the words alone; the characters come on top.
        """
        cut = split or cls._cut
        counts = Counter(word for text in texts for word in cut(text) if not _is_spelled(word))
        chars = sorted({char for word in counts for char in word})
        spelled = [mark + char for mark in MARKS for char in chars]
        return cls([*word_vocabulary(counts, max_size, min_count), *spelled], split)

    def encode(self, text: str) -> list[int]:
        """The ids of `text`; a character never seen in training is still ``<unk>``."""
        ids: list[int] = []
        for word in self.split(text):
            listed = word in self._ids and not _is_spelled(word)
            pieces = [word] if listed else _spell(word)
            ids += [self._ids.get(piece, self.unk_id) for piece in pieces]
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """The words of `ids`, joined by one space, the spelled ones put together again.

        Raises:
            ValueError: if an id is not in the vocabulary.
        """
        text = ""
        for entry in self._entries(ids):
            begins = not entry.startswith(("<M>", "<E>")) or not _is_spelled(entry)
            text += (" " if begins and text else "") + (entry[3:] if _is_spelled(entry) else entry)
        return text


def _spell(word: str) -> list[str]:
    """Example: "bet" -> ["<B>b", "<M>e", "<E>t"]; "b" -> ["<B>b"]."""
    marks = ["<B>", *["<M>"] * (len(word) - 2), "<E>"]
    return [mark + char for mark, char in zip(marks, word)]


def _is_spelled(entry: str) -> bool:
    return len(entry) == 4 and entry[:3] in MARKS


def char_ngrams(word: str, shortest: int = 3, longest: int = 6) -> list[str]:
    """The character n-grams of `word` between the edge marks ``<`` and ``>``, shortest first.

    To these fastText adds the word itself, where the training text had it.

    Example: char_ngrams("her", 3, 3) -> ["<he", "her", "er>"]

    Raises:
        ValueError: unless 1 <= `shortest` <= `longest`.
    """
    if not 1 <= shortest <= longest:
        raise ValueError(
            f"shortest is {shortest} and longest {longest}; 1 <= shortest <= longest must hold"
        )
    marked = f"<{word}>"
    sizes = range(shortest, longest + 1)
    return [marked[i : i + n] for n in sizes for i in range(len(marked) - n + 1)]


def max_match(text: str, dictionary: Collection[str], backward: bool = False) -> list[str]:
    """Cut `text` greedily into the longest words of `dictionary`, from its start or its end.

    Where no word fits, one character is cut off by itself.

    Example: max_match("themen", {"the", "them", "men"}) -> ["them", "e", "n"];
    backward -> ["the", "men"]
    """
    words = set(dictionary)
    longest = max(map(len, words), default=1)
    found = []
    while text:
        for size in range(min(longest, len(text)), 0, -1):
            piece = text[-size:] if backward else text[:size]
            if piece in words or size == 1:
                break
        found.append(piece)
        text = text[:-size] if backward else text[size:]
    return found[::-1] if backward else found
