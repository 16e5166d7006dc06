"""Raw text in, raw text out: SentencePiece's way of making spaces ordinary characters.

A space becomes U+2581 (a lower-one-eighth block that ordinary text does not contain) and the
text gets one in front, so that a word has the same form at the start of a text as after a space.
Pieces then carry the spaces themselves, and decoding is concatenation: no rule about where spaces
go in which language is needed.

What this leaves out: the NFKC normalization and the collapsing of repeated spaces that
`sentencepiece` does by default, both of which lose information on purpose. What stays lost: a
U+2581 of the text's own comes back as a space.

Paper: kudo2018sentencepiece.
"""

import re

#: The visible space.
SPACE = "\u2581"


def escape(text: str) -> str:
    """Example: "Hello world" -> "▁Hello▁world"; the empty text stays empty."""
    return SPACE + text.replace(" ", SPACE) if text else ""


def unescape(text: str) -> str:
    """Example: "▁Hello▁world" -> "Hello world" """
    return text.replace(SPACE, " ").removeprefix(" ")


def split_words(escaped: str) -> list[str]:
    """The words of an escaped text, each with its space in front; joined, they are the text.

    Example: "▁a▁▁b" -> ["▁a", "▁", "▁b"]
    """
    return re.findall(f"{SPACE}[^{SPACE}]*|^[^{SPACE}]+", escaped)
