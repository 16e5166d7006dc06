"""From text to what keyword search counts: words, and the spans of sentences.

`words` serves English, code and Chinese with one rule each. Latin words and numbers are lowered.
Identifiers are kept whole, for the reader who pastes one, and also split at dots, underscores and
humps, for the reader who remembers half of it. Chinese has no blanks between words and we use no
dictionary: it becomes overlapping pairs of characters, which find a word of two characters
wherever it stands.

`sentences` finds where sentences end, by punctuation and a list of abbreviations.

`letter_grams` cuts words on into overlapping runs of letters, so that "cutting" may match "cut".

What this leaves out: stemming (cut, cuts and cutting are three words here), stop words (their low
idf does that work), word segmentation of Chinese, and scripts without blanks other than Chinese.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Protocol


class Passage(Protocol):
    """Anything with an id and a text: a Document, a Chunk."""

    @property
    def id(self) -> str: ...

    @property
    def text(self) -> str: ...


Passages = Mapping[str, str] | Iterable[Passage | tuple[str, str]]

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_TERM = re.compile(rf"([{_HAN}]+)|([^\W{_HAN}]+(?:\.[^\W{_HAN}]+)*)")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)*")

# A mark that ends a sentence, what may close after it, and, after a Latin mark, a blank.
_END = re.compile(r"[。！？…]+[”’」』）]*|[.!?]+[\"'”’)\]]*(?=\s)|\n[^\S\n]*\n")
_ABBREVIATION = re.compile(
    r"\b(?:[A-Z]|e\.g|i\.e|etc|cf|vs|al|approx|Dr|Mrs?|Ms|Prof|St|Fig|Eq|Sec|Ch|No|Vol|pp?)\.$"
)


def words(text: str) -> list[str]:
    """The terms of a text, in order, repeated as often as they occur.

    Compatibility forms (full-width letters) are folded first, by Unicode's NFKC.

    Example: ``"BM25 用词频 in causal_mask"`` ->
    ``["bm25", "用词", "词频", "in", "causal_mask", "causal", "mask"]``
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    terms: list[str] = []
    for han, word in _TERM.findall(text):
        if han:
            terms.extend(map("".join, zip(han, han[1:])) if len(han) > 1 else han)
        elif word.isalpha() and (word.islower() or word[1:].islower()):  # most words: in a hurry
            terms.append(word.lower())
        else:
            terms.extend(_identifier(word) if len(word) <= 64 else _identifier.__wrapped__(word))
    return terms


@lru_cache(maxsize=1 << 16)
def _identifier(word: str) -> tuple[str, ...]:
    """An identifier in lower case, and then its parts, if it has more than one."""
    whole = word.strip("_").lower() or word
    if _NUMBER.fullmatch(whole):
        return (whole,)
    pieces = [piece for name in re.split(r"[._]+", word) for piece in _HUMP.split(name) if piece]
    return (whole,) if len(pieces) < 2 else (whole, *(piece.lower() for piece in pieces))


def letter_grams(text: str, n: int = 4) -> list[str]:
    """The words of a text cut into runs of n characters, with the ends of words marked.

    A pair of Chinese characters is one run for n = 4. Keyword search by such terms survives
    endings, compounds and typing errors, and finds more that is wrong.

    Example: ``"cutting"`` -> ``["<cut", "cutt", "utti", "ttin", "ting", "ing>"]``

    Raises:
        ValueError: if n < 1.
    """
    if n < 1:
        raise ValueError(f"n is {n}; it must be 1 or more")
    marked = [f"<{word}>" for word in words(text)]
    return [word[i : i + n] for word in marked for i in range(max(1, len(word) - n + 1))]


def sentences(text: str) -> list[tuple[int, int]]:
    """(start, stop) of each sentence, in order, without the blanks around it.

    Together they hold every character that is not blank. A sentence ends at one of `。！？…`, at
    one of `.!?` before a blank unless that was an abbreviation or the next word is in lower case,
    and at an empty line.
    """
    spans, start = [], 0
    for mark in _END.finditer(text):
        if mark[0][0] in ".!?" and _continues(text, mark.start(), mark.end()):
            continue
        spans.append((start, mark.end()))
        start = mark.end()
    spans.append((start, len(text)))
    trimmed = []
    for start, stop in spans:
        piece = text[start:stop]
        if piece.strip():
            left = len(piece) - len(piece.lstrip())
            trimmed.append((start + left, start + len(piece.rstrip())))
    return trimmed


def _continues(text: str, start: int, stop: int) -> bool:
    """Whether the mark at start:stop stands inside a sentence."""
    following = re.compile(r"\s*(\S)").match(text, stop)
    if following is None:
        return False
    if following[1].islower():
        return True
    return stop == start + 1 and bool(_ABBREVIATION.search(text, max(0, start - 8), stop))


def ids_and_texts(passages: Passages) -> tuple[list[str], list[str]]:
    """The ids and the texts of a mapping, of (id, text) pairs, or of Documents or Chunks.

    Raises:
        ValueError: if an id occurs twice, or a text is not a string.
    """
    pairs: Iterable[Passage | tuple[str, str]]
    pairs = passages.items() if isinstance(passages, Mapping) else passages
    ids, texts, seen = [], [], set()
    for item in pairs:
        id, text = item if isinstance(item, tuple) else (item.id, item.text)
        if id in seen:
            raise ValueError(f"id {id!r} occurs twice; ids must differ")
        if not isinstance(text, str):
            raise ValueError(f"the text of {id!r} is {type(text).__name__}; it must be a str")
        seen.add(id)
        ids.append(id)
        texts.append(text)
    return ids, texts
