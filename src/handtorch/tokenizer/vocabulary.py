"""A vocabulary from a corpus, and what it takes to enlarge one that a model already uses.

`build_vocabulary` counts words, reserves special tokens and base symbols, and merges with the
incremental trainer of `bpe_fast` until the size is met exactly. `merge_vocabularies` appends
tokens without moving an id; `extend_bpe` does so by resuming the merging on new text, so that
each new token can be reached; `extend_embeddings` gives the new tokens rows, each the mean of
the rows of the pieces the token used to be cut into (gee2022).

What this leaves out: pruning a vocabulary, a limit on the alphabet, training the new rows.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from handtorch.tokenizer.bpe import Pair
from handtorch.tokenizer.bpe_fast import learn_merges
from handtorch.tokenizer.byte_bpe import ByteLevelBPE
from handtorch.tokenizer.pretokenize import count_words, split_gpt2

Token = TypeVar("Token", str, bytes)


class Vocabulary(Generic[Token]):
    """Distinct tokens, numbered from 0 in the order given.

    Raises:
        ValueError: if a token is empty or stands there twice.
    """

    def __init__(self, tokens: Iterable[Token]) -> None:
        self._tokens: list[Token] = list(tokens)
        self._ids: dict[Token, int] = {}
        for i, token in enumerate(self._tokens):
            if not token or self._ids.setdefault(token, i) != i:
                raise ValueError(f"tokens[{i}] is {token!r}; tokens must be distinct and not empty")

    def __len__(self) -> int:
        return len(self._tokens)

    def __iter__(self) -> Iterator[Token]:
        return iter(self._tokens)

    def __contains__(self, token: object) -> bool:
        return token in self._ids

    def id_of(self, token: Token) -> int:
        """The id of `token`; ValueError if it is not in the vocabulary."""
        if token not in self._ids:
            raise ValueError(f"token is {token!r}; it must be one of the {len(self)} tokens")
        return self._ids[token]

    def token_of(self, i: int) -> Token:
        """The token with id `i`; ValueError if there is none."""
        if not 0 <= i < len(self):  # a list would take -1 for the last
            raise ValueError(f"i is {i}; ids run from 0 to {len(self) - 1}")
        return self._tokens[i]


def build_vocabulary(
    texts: Iterable[str],
    size: int,
    special_tokens: Sequence[str] = (),
    min_frequency: int = 1,
    split: Callable[[str], Iterable[str]] = str.split,
) -> tuple[Vocabulary[str], list[Pair]]:
    """Special tokens, then every character of `texts` in order, then merged subwords by age.

    The vocabulary has exactly `size` tokens unless pairs run out: each merge adds one token, for
    the pieces of a string that no merge has crossed into depend on that string alone.

    Args:
        texts: the corpus. It is cut at special tokens, so that no merge spells one.
        size: how many tokens, special ones and characters included.
        special_tokens: reserved; their ids are the first ones, in the order given.
        min_frequency: a pair that occurs less often is never merged, as in `tokenizers`;
            characters are kept however rare.
        split: what cuts a text into words.

    Returns:
        The vocabulary and its merges, in the order in which encoding replays them.

    Raises:
        ValueError: if `size` has no room for special tokens and characters, `min_frequency` is
            below 1, or a special token is empty or stands there twice.
    """
    if min_frequency < 1:
        raise ValueError(f"min_frequency is {min_frequency}; it must be 1 or more")
    reserved = Vocabulary(special_tokens)
    word_counts = count_words(_cut_at(special_tokens, texts), split)
    alphabet = sorted(set().union(*word_counts))
    least = len(reserved) + len(alphabet)
    if size < least:
        raise ValueError(
            f"size is {size}; {len(reserved)} special tokens and {len(alphabet)} characters "
            f"need at least {least}"
        )
    # Two empty symbols in front make a word as frequent as what is too rare. Smallest ids win
    # ties, so when this pair comes up, every pair still to come is too rare.
    symbols = ["", "", *alphabet]
    ids = {symbol: i for i, symbol in enumerate(symbols)}
    words = [[0, 1], *([ids[char] for char in word] for word in word_counts)]
    counts = [min_frequency - 1, *word_counts.values()]
    merges: list[Pair] = []
    for a, b in learn_merges(words, counts, symbols, ties="ids"):
        if least + len(merges) == size or (a, b) == (0, 1):
            break
        merges.append((symbols[a], symbols[b]))
    return Vocabulary([*reserved, *alphabet, *(a + b for a, b in merges)]), merges


def merge_vocabularies(old: Vocabulary[Token], new: Iterable[Token]) -> Vocabulary[Token]:
    """`old` with the tokens of `new` that it lacks appended; ids of `old` stay as they are."""
    return Vocabulary([*old, *dict.fromkeys(token for token in new if token not in old)])


def extend_bpe(tokenizer: ByteLevelBPE, texts: Iterable[str], vocab_size: int) -> ByteLevelBPE:
    """Resume the training of `tokenizer` on `texts` until there are `vocab_size` tokens.

    The words start as `tokenizer` cuts them, so the new merges build on its tokens. Its merges
    keep their ranks and its ids stay; fewer tokens come out if no pair is left.

    Raises:
        ValueError: if `vocab_size` is below the present size.
    """
    if vocab_size < tokenizer.vocab_size:
        raise ValueError(f"vocab_size is {vocab_size}; it is {tokenizer.vocab_size} already")
    word_counts = count_words(texts, split_gpt2)
    words = [tokenizer.encode_piece(word) for word in word_counts]
    vocab, merges = list(tokenizer.vocab), list(tokenizer.merges)
    room = vocab_size - len(vocab)
    pairs = learn_merges(words, list(word_counts.values()), vocab, ties="ids")
    merges += [(vocab[a], vocab[b]) for a, b in islice(pairs, room)]
    return ByteLevelBPE(merges, byte_order=[token[0] for token in vocab[:256]])


def pieces_of_new_tokens(extended: ByteLevelBPE, old_size: int) -> list[list[int]]:
    """For each id from `old_size` on: the ids below it that its merges were made from."""
    pieces = {token: [i] for i, token in enumerate(extended.vocab[:old_size])}
    for a, b in extended.merges:
        pieces.setdefault(a + b, pieces[a] + pieces[b])
    return [pieces[token] for token in extended.vocab[old_size:]]


def extend_embeddings(
    weight: NDArray[np.floating], pieces: Sequence[Sequence[int]]
) -> NDArray[np.floating]:
    """Rows for new tokens below the old ones; use it on the embedding and on the output head.

    Args:
        weight: (V, C), one row a token.
        pieces: for each new token the old ids whose mean becomes its row. For the mean of the
            whole vocabulary, which hewitt2021 argues for, give ``range(V)``.

    Returns:
        (V + len(pieces), C), dtype of `weight`; the first V rows are `weight`.

    Raises:
        ValueError: if a new token has no piece, or a piece that is no old id.
    """
    rows = [weight]
    for i, ids in enumerate(pieces):
        if len(ids) == 0 or min(ids) < 0 or max(ids) >= len(weight):
            last = len(weight) - 1
            raise ValueError(f"pieces[{i}] is {list(ids)}; it must hold ids from 0 to {last}")
        rows.append(weight[list(ids)].mean(axis=0, keepdims=True))
    return np.concatenate(rows).astype(weight.dtype)


def count_segmentations(text: str, vocabulary: Collection[str]) -> int:
    """In how many ways `text` can be cut into tokens: ways(j) = sum of ways(i), text[i:j] a token.

    Example: ``"abc", {"a", "b", "c", "ab", "bc"}`` -> 3: a b c, ab c, a bc
    """
    longest = max(map(len, vocabulary), default=0)
    ways = [1]
    for j in range(1, len(text) + 1):
        ways.append(sum(ways[i] for i in range(max(0, j - longest), j) if text[i:j] in vocabulary))
    return ways[-1]


def _cut_at(special_tokens: Sequence[str], texts: Iterable[str]) -> Iterator[str]:
    if not special_tokens:
        yield from texts
        return
    longest_first = sorted(special_tokens, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest_first)))
    for text in texts:
        yield from pattern.split(text)
