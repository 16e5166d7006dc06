"""What every tokenizer of the chapter can do, so that metrics and batching take any of them."""

from collections.abc import Sequence
from typing import Protocol


class Tokenizer(Protocol):
    """Text to ids and back; ids run from 0 to ``vocab_size - 1``."""

    @property
    def vocab_size(self) -> int:
        """How many ids there are, special tokens included."""
        ...

    def encode(self, text: str) -> list[int]:
        """The ids of `text`."""
        ...

    def decode(self, ids: Sequence[int]) -> str:
        """The text of `ids`; for a lossless tokenizer ``decode(encode(s)) == s``."""
        ...
