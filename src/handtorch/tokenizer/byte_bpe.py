"""Byte-level BPE, as GPT-2 introduced it (radford2019): BPE whose characters are bytes.

Text is cut by GPT-2's pattern, each piece is encoded as UTF-8, and merges join bytes within a
piece. As all 256 bytes are tokens, nothing is unknown and decoding gives back every string.

What this leaves out: special tokens (`special_tokens` adds them) and encoding in several
processes (`batching`). Vocabularies of released models are not loaded; with the same merges and
the same order of the bytes the ids are those of `tokenizers` and `tiktoken`.
"""

import codecs
from collections.abc import Iterable, Sequence
from itertools import chain, islice

from handtorch.tokenizer.bpe_apply import apply_merges
from handtorch.tokenizer.bpe_fast import learn_merges
from handtorch.tokenizer.pretokenize import chunks, count_words, split_gpt2


def bytes_to_unicode() -> dict[int, str]:
    """GPT-2's reversible map from bytes to printable characters.

    Its vocabulary file is text, so each byte needs a character of its own that is neither white
    space nor a control. The printable bytes of Latin-1 stand for themselves, in front; the other
    68 take the characters from U+0100 on. So a space shows as ``Ġ`` and a newline as ``Ċ``.
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    shown = {byte: chr(byte) for byte in printable}
    return shown | {byte: chr(0x100 + i) for i, byte in enumerate(others)}


#: The 256 bytes in the order of GPT-2's ids, which `tiktoken` and `tokenizers` keep: ``!`` is 0.
GPT2_BYTE_ORDER = tuple(bytes_to_unicode())


class ByteLevelBPE:
    """A byte-level BPE tokenizer: lossless for every Python string.

    Args:
        merges: pairs of tokens, in the order in which they were learned; each side is a byte or
            the result of an earlier merge.
        byte_order: which byte has which of the first 256 ids. By default id 65 is byte 65.

    Raises:
        ValueError: if a merge uses a token that does not exist yet or makes one that does
            (training never yields such merges), or `byte_order` does not hold each byte once.
    """

    vocab: list[bytes]  #: id -> bytes: 256 single bytes, then the merges by age
    merges: list[tuple[bytes, bytes]]

    def __init__(
        self, merges: Iterable[tuple[bytes, bytes]], byte_order: Sequence[int] = range(256)
    ) -> None:
        self.vocab = _single_bytes(byte_order)
        self.merges = list(merges)
        self._to_id = _byte_to_id(byte_order)
        id_of = {token: i for i, token in enumerate(self.vocab)}
        self._merged: dict[tuple[int, int], int] = {}
        for rank, (a, b) in enumerate(self.merges):
            if a not in id_of or b not in id_of:
                raise ValueError(
                    f"merges[{rank}] is {(a, b)}; both must be bytes or earlier merges"
                )
            if a + b in id_of:
                raise ValueError(f"merges[{rank}] is {(a, b)}; {a + b!r} is a token already")
            self._merged[id_of[a], id_of[b]] = id_of[a + b] = len(self.vocab)
            self.vocab.append(a + b)
        self._cache = _Cache(self)

    @classmethod
    def train(
        cls, texts: Iterable[str], vocab_size: int, byte_order: Sequence[int] = range(256)
    ) -> "ByteLevelBPE":
        """Learn merges until there are `vocab_size` tokens, or no pair is left.

        Of pairs equally frequent, the one with the smallest ids comes first. With
        ``byte_order=GPT2_BYTE_ORDER`` ids and merges are those that `tokenizers` learns.

        Args:
            texts: the texts, one at a time; a generator will do.
            vocab_size: how many tokens, at least 256.
            byte_order: as in the class.

        Raises:
            ValueError: if `vocab_size` is below 256, or `texts` is one string.
        """
        if vocab_size < 256:
            raise ValueError(f"vocab_size is {vocab_size}; it must be 256 or more, one per byte")
        if isinstance(texts, str):
            raise ValueError(f"texts is the string {texts[:20]!r}; it must be several strings")
        word_counts = count_words(chain.from_iterable(map(chunks, texts)), split_gpt2)
        vocab = _single_bytes(byte_order)
        to_id = _byte_to_id(byte_order)
        words = [_to_bytes(word).translate(to_id) for word in word_counts]
        pairs = learn_merges(words, list(word_counts.values()), vocab, ties="ids")
        merges = [(vocab[a], vocab[b]) for a, b in islice(pairs, vocab_size - 256)]
        return cls(merges, byte_order)

    @property
    def vocab_size(self) -> int:
        """How many tokens there are."""
        return len(self.vocab)

    def encode(self, text: str) -> list[int]:
        """The ids of `text`."""
        ids: list[int] = []
        for chunk in chunks(text):
            ids += chain.from_iterable(map(self._cache.__getitem__, split_gpt2(chunk)))
        return ids

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        """The bytes of `ids`: one token alone need not be valid UTF-8.

        Raises:
            ValueError: if an id is not between 0 and ``vocab_size - 1``.
        """
        known = list(ids)
        for i in known:
            if not 0 <= i < len(self.vocab):
                raise ValueError(f"ids holds {i}; ids run from 0 to {len(self.vocab) - 1}")
        return b"".join([self.vocab[i] for i in known])

    def decode(self, ids: Iterable[int]) -> str:
        """The text of `ids`; each stretch of bytes that is no UTF-8 becomes U+FFFD."""
        return self.decode_bytes(ids).decode("utf-8", "handtorch_keep_surrogates")

    def encode_piece(self, piece: str) -> tuple[int, ...]:
        """The ids of one pre-token, found without the cache."""
        ids = _to_bytes(piece).translate(self._to_id)
        return tuple(apply_merges(ids, self._merged))

    def __reduce__(self) -> tuple[object, ...]:
        # A worker process gets the merges and fills a cache of its own.
        return type(self), (self.merges, [token[0] for token in self.vocab[:256]])


class _Cache(dict[str, tuple[int, ...]]):
    """Ids of the pieces seen so far: text repeats its words. Emptied when it grows too long."""

    def __init__(self, tokenizer: ByteLevelBPE, limit: int = 1 << 18) -> None:
        self.tokenizer = tokenizer
        self.limit = limit

    def __missing__(self, piece: str) -> tuple[int, ...]:
        if len(self) >= self.limit:
            self.clear()
        ids = self[piece] = self.tokenizer.encode_piece(piece)
        return ids


def _single_bytes(byte_order: Sequence[int]) -> list[bytes]:
    if sorted(byte_order) != list(range(256)):
        raise ValueError(f"byte_order is {list(byte_order)}; it must hold each of 0..255 once")
    return [bytes([byte]) for byte in byte_order]


def _byte_to_id(byte_order: Sequence[int]) -> bytes:
    """For `bytes.translate`: ids of single bytes are below 256, so bytes can hold them."""
    return bytes(byte_order.index(byte) for byte in range(256))


def _to_bytes(text: str) -> bytes:
    # A Python string may hold half of a surrogate pair, which strict UTF-8 refuses.
    return text.encode("utf-8", "surrogatepass")


def _keep_surrogates(error: UnicodeError) -> tuple[str | bytes, int]:
    try:
        return codecs.lookup_error("surrogatepass")(error)
    except UnicodeError:
        return codecs.lookup_error("replace")(error)


codecs.register_error("handtorch_keep_surrogates", _keep_surrogates)
