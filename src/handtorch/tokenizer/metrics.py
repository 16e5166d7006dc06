"""How good a tokenizer is, measured on text it was not trained on.

Compression (`bytes_per_token`, `tokens_per_word`), splitting (`continued_word_rate`, rust2021),
loss (`unknown_rate`, `unknown_word_rate`, `round_trip_rate`), use of the vocabulary
(`vocabulary_use`, `renyi_efficiency`, zouhar2023) and fairness between languages (`premium`,
petrov2023). A tokenizer that drops what it does not know compresses best of all, so read
compression only beside loss. Left out: anything that needs a trained model.

What a word is: one Chinese character, or the longest run of other non-space characters. Spaces
belong to no word, but the tokens spent on them count. Kana, Thai and other scripts written
without spaces are not cut: measure those in bytes.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from handtorch.tokenizer.base import Tokenizer

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"[{_HAN}]|[^\s{_HAN}]+")


def split_words(text: str) -> list[str]:
    """The words of `text`. Example: "use BPE, 分词" -> ["use", "BPE,", "分", "词"]"""
    return _WORD.findall(text)


def bytes_per_token(tokenizer: Tokenizer, texts: Iterable[str]) -> float:
    """UTF-8 bytes of `texts` for each token: more is shorter sequences.

    Bytes, not characters, so that languages and alphabets can be compared.

    Raises:
        ValueError: if `texts` is one string, or gives no token.
    """
    texts = _listed(texts)
    return sum(len(text.encode("utf-8")) for text in texts) / _token_count(tokenizer, texts)


def tokens_per_word(
    tokenizer: Tokenizer,
    texts: Iterable[str],
    split: Callable[[str], Sequence[str]] = split_words,
) -> float:
    """Tokens of the whole of `texts` for each word, known as fertility: 1 is a token a word.

    Raises:
        ValueError: if `texts` is one string, or holds no word.
    """
    texts = _listed(texts)
    return _token_count(tokenizer, texts) / len(_all_words(texts, split))


#: The name of `tokens_per_word` in the literature (rust2021).
fertility = tokens_per_word


def continued_word_rate(
    tokenizer: Tokenizer,
    texts: Iterable[str],
    split: Callable[[str], Sequence[str]] = split_words,
) -> float:
    """The share of words, 0 to 1, that take two tokens or more.

    A word counts as whole if it is one token by itself or after a space, for many tokenizers
    make the space a part of the word.

    Raises:
        ValueError: if `texts` is one string, or holds no word.
    """
    words = _all_words(_listed(texts), split)
    return sum(
        times
        for word, times in Counter(words).items()
        if min(len(tokenizer.encode(word)), len(tokenizer.encode(" " + word))) > 1
    ) / len(words)


def unknown_rate(tokenizer: Tokenizer, texts: Iterable[str], unk_id: int | None = None) -> float:
    """The share of tokens, 0 to 1, that are the unknown token.

    Args:
        tokenizer: its ``unk_id`` is the unknown token; without one there is nothing to count and
            the rate is 0, which is no proof that nothing is lost: see `round_trip_rate`.
        texts: where to count.
        unk_id: the unknown token, for a tokenizer without that attribute.

    Raises:
        ValueError: if `texts` is one string, or gives no token.
    """
    counts = _frequencies(tokenizer, _listed(texts))
    unknown = _unknown_id(tokenizer, unk_id)
    return 0.0 if unknown is None else counts[unknown] / counts.total()


def unknown_word_rate(
    tokenizer: Tokenizer,
    texts: Iterable[str],
    unk_id: int | None = None,
    split: Callable[[str], Sequence[str]] = split_words,
) -> float:
    """The share of words, 0 to 1, with an unknown token in them when encoded by themselves.

    Unlike `unknown_rate` it can be compared between tokenizers whose tokens differ in length.

    Raises:
        ValueError: if `texts` is one string, or holds no word.
    """
    words = _all_words(_listed(texts), split)
    unknown = _unknown_id(tokenizer, unk_id)
    counts = Counter(words).items()
    return sum(times for word, times in counts if unknown in tokenizer.encode(word)) / len(words)


def round_trip_rate(tokenizer: Tokenizer, texts: Iterable[str]) -> float:
    """The share of texts, 0 to 1, that decoding gives back exactly.

    Raises:
        ValueError: if `texts` is one string, or empty.
    """
    texts = _listed(texts)
    return sum(tokenizer.decode(tokenizer.encode(text)) == text for text in texts) / len(texts)


def vocabulary_use(tokenizer: Tokenizer, texts: Iterable[str]) -> float:
    """The share of the vocabulary, 0 to 1, that occurs in `texts`; it grows with their length.

    Raises:
        ValueError: if `texts` is one string, or gives no token.
    """
    return len(_frequencies(tokenizer, _listed(texts))) / tokenizer.vocab_size


def renyi_efficiency(tokenizer: Tokenizer, texts: Iterable[str], alpha: float = 2.5) -> float:
    r"""How evenly the tokens are used: Rényi entropy over the most it could be, 0 to 1.

    With p_i the share of token i, H = log(sum_i p_i^alpha) / (1 - alpha), and the efficiency is
    H / log(V). `alpha` of 1 is Shannon's entropy; 2.5 correlated best with BLEU in zouhar2023.
    V is the whole vocabulary here, so tokens that never occur count against the tokenizer.

    Raises:
        ValueError: if `texts` is one string or gives no token, `alpha` is not a positive number,
            or the vocabulary has fewer than two entries.
    """
    if not 0 < alpha < math.inf:
        raise ValueError(f"alpha is {alpha}; it must be a positive number")
    if tokenizer.vocab_size < 2:
        raise ValueError(f"vocab_size is {tokenizer.vocab_size}; it must be at least 2")
    counts = _frequencies(tokenizer, _listed(texts))
    p = [count / counts.total() for count in counts.values()]
    if alpha == 1:
        entropy = -sum(p_i * math.log(p_i) for p_i in p)
    else:
        entropy = math.log(sum(p_i**alpha for p_i in p)) / (1 - alpha)
    return entropy / math.log(tokenizer.vocab_size)


def premium(tokenizer: Tokenizer, texts: Iterable[str], reference: Iterable[str]) -> float:
    """Tokens of `texts` over tokens of `reference`, the same content in another language.

    1 is parity; 2 means the first language costs twice as much.

    Raises:
        ValueError: if either is one string, gives no token, or they differ in number.
    """
    texts, reference = _listed(texts), _listed(reference)
    if len(texts) != len(reference):
        raise ValueError(
            f"texts has {len(texts)} entries and reference {len(reference)}; "
            "they must be translations of one another, one for one"
        )
    return _token_count(tokenizer, texts) / _token_count(tokenizer, reference)


def _listed(texts: Iterable[str]) -> list[str]:
    if isinstance(texts, str):  # iterating would take each character for a text
        raise ValueError(f"texts is one string, {texts[:20]!r}; give a list of strings")
    listed = list(texts)
    if not listed:
        raise ValueError("texts is empty; there must be at least one text to measure")
    return listed


def _all_words(texts: list[str], split: Callable[[str], Sequence[str]]) -> list[str]:
    words = [word for text in texts for word in split(text)]
    if not words:
        raise ValueError("texts holds no word; there must be at least one to measure")
    return words


def _frequencies(tokenizer: Tokenizer, texts: list[str]) -> Counter[int]:
    counts = Counter(i for text in texts for i in tokenizer.encode(text))
    if not counts:
        raise ValueError("texts gives no token; there must be at least one to measure")
    return counts


def _token_count(tokenizer: Tokenizer, texts: list[str]) -> int:
    return _frequencies(tokenizer, texts).total()


def _unknown_id(tokenizer: Tokenizer, unk_id: int | None) -> int | None:
    return getattr(tokenizer, "unk_id", None) if unk_id is None else unk_id
