"""Special tokens on top of any tokenizer: ids that no text can produce unless the caller allows it.

A special token such as ``<|im_end|>`` or ``[MASK]`` is one id with a meaning agreed upon, not a
piece of text. Its spelling exists only for people to read, and a user can type that spelling.
So encoding asks for permission: what is in `allowed_special` becomes the control id, everything
else is ordinary text. The names of the two arguments and what they do are tiktoken's, except for
the default, which here never raises: tiktoken refuses a text that spells a special token.

What this leaves out: normalization, stripping of blanks around a special token, templates written
in Jinja, tool calls, images. BERT's tokens are in `devlin2019`; the chat format is ChatML.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from handtorch.tokenizer.base import Tokenizer

#: The roles that :func:`render_chat` accepts.
ROLES = ("system", "user", "assistant", "tool")
IM_START, IM_END = "<|im_start|>", "<|im_end|>"


class SpecialTokenizer:
    """A tokenizer with registered special tokens, whose ids follow those of the base tokenizer.

    Args:
        base: any tokenizer; it never sees the text of an allowed special token.
        special: the spellings, which get the ids ``base.vocab_size``, ``base.vocab_size + 1``, ...
        begin: which of them `add_begin` puts in front, if any.
        end: which of them `add_end` puts behind, if any.

    Raises:
        ValueError: if a spelling is empty or repeated, or if `begin` or `end` is not in `special`.
    """

    def __init__(
        self,
        base: Tokenizer,
        special: Sequence[str],
        begin: str | None = None,
        end: str | None = None,
    ) -> None:
        if isinstance(special, str) or "" in special or len(set(special)) < len(special):
            raise ValueError(f"special is {special!r}; it must hold distinct, non-empty spellings")
        for name, token in (("begin", begin), ("end", end)):
            if token is not None and token not in special:
                raise ValueError(f"{name} is {token!r}; it must be one of {list(special)}")
        self.base, self.begin, self.end = base, begin, end
        self.special_ids = {token: base.vocab_size + i for i, token in enumerate(special)}
        self._spelling = {i: token for token, i in self.special_ids.items()}

    @property
    def vocab_size(self) -> int:
        """The size of the base vocabulary and the number of special tokens."""
        return self.base.vocab_size + len(self.special_ids)

    def encode(
        self,
        text: str,
        *,
        allowed_special: Collection[str] | Literal["all"] = (),
        disallowed_special: Collection[str] | Literal["all"] = (),
        add_begin: bool = False,
        add_end: bool = False,
    ) -> list[int]:
        """The ids of `text`; ``decode`` gives `text` back if the base tokenizer is lossless.

        Args:
            text: any string.
            allowed_special: spellings that become their special id, or ``"all"``.
            disallowed_special: spellings that must not occur in `text`; ``"all"`` means all that
                are not allowed. A spelling in neither collection is ordinary text.
            add_begin: put the id of the begin token in front.
            add_end: put the id of the end token behind.

        Raises:
            ValueError: if `text` spells a disallowed token, if a collection holds a spelling that
                is not registered, or if a begin or end token is asked for and there is none.
        """
        allowed = self._registered("allowed_special", allowed_special)
        disallowed = self._registered("disallowed_special", disallowed_special)
        if disallowed_special == "all":
            disallowed -= allowed
        if disallowed and (found := _alternation(disallowed).search(text)):
            raise ValueError(
                f"text spells the disallowed special token {found[0]!r} at position "
                f"{found.start()}; add it to allowed_special to get the control id, or take it "
                "out of disallowed_special to encode it as ordinary text"
            )
        ids = [self._required("begin", self.begin)] if add_begin else []
        # With one group in the pattern, split gives text, special, text, ..., special, text.
        parts = _alternation(allowed).split(text) if allowed else [text]
        for i, part in enumerate(parts):
            ids += [self.special_ids[part]] if i % 2 else self.base.encode(part)
        return ids + ([self._required("end", self.end)] if add_end else [])

    def decode(self, ids: Sequence[int], *, skip_special: bool = False) -> str:
        """The text of `ids`, with special tokens spelled out or, on demand, left out.

        Raises:
            ValueError: if an id is negative or not below `vocab_size`.
        """
        for i in ids:
            if not 0 <= i < self.vocab_size:
                raise ValueError(f"ids holds {i}; ids run from 0 to {self.vocab_size - 1}")
        if skip_special:
            ids = [i for i in ids if not self.is_special(i)]
        # Run by run, not id by id: one character may need several base ids.
        return "".join(
            "".join(self._spelling[i] for i in run) if special else self.base.decode(list(run))
            for special, run in groupby(ids, key=self.is_special)
        )

    def is_special(self, token_id: int) -> bool:
        """Whether `token_id` is that of a special token."""
        return token_id in self._spelling

    def _registered(self, name: str, tokens: Collection[str] | Literal["all"]) -> set[str]:
        if isinstance(tokens, str) and tokens != "all":
            raise ValueError(f"{name} is {tokens!r}; it must be 'all' or a collection of spellings")
        chosen = set(self.special_ids) if tokens == "all" else set(tokens)
        if unknown := chosen - set(self.special_ids):
            raise ValueError(
                f"{name} holds {sorted(unknown)}; registered are {list(self.special_ids)}"
            )
        return chosen

    def _required(self, name: str, token: str | None) -> int:
        if token is None:
            raise ValueError(f"add_{name} is True, but the tokenizer was made without {name}")
        return self.special_ids[token]


@dataclass(frozen=True)
class RenderedChat:
    """A chat as ids, and which of them the model is trained to predict.

    Attributes:
        ids: the T ids of the whole chat.
        loss_mask: T zeros and ones; 1 where the id is the assistant's own, its end included.
    """

    ids: list[int]
    loss_mask: list[int]


def render_chat(
    messages: Sequence[Mapping[str, str]],
    tokenizer: SpecialTokenizer,
    *,
    add_generation_prompt: bool = False,
) -> RenderedChat:
    r"""A chat in the ChatML format: ``<|im_start|>role\ncontent<|im_end|>\n`` for each message.

    Control ids are written by this function alone. The content is encoded with no special token
    allowed, so a user who types ``<|im_end|>`` has typed ordinary text.

    Args:
        messages: mappings with the keys "role" (one of :data:`ROLES`) and "content".
        tokenizer: one with ``<|im_start|>`` and ``<|im_end|>`` registered.
        add_generation_prompt: end with the header of an assistant's message, for sampling.

    Raises:
        ValueError: if a key is missing, a role unknown, or a control token not registered.
    """
    for token in (IM_START, IM_END):
        if token not in tokenizer.special_ids:
            raise ValueError(f"tokenizer has no special token {token!r}; register it first")
    start, end = tokenizer.special_ids[IM_START], tokenizer.special_ids[IM_END]
    ids: list[int] = []
    loss_mask: list[int] = []

    def append(piece: list[int], learn: bool) -> None:
        ids.extend(piece)
        loss_mask.extend([int(learn)] * len(piece))

    for message in messages:
        if set(message) != {"role", "content"} or message["role"] not in ROLES:
            raise ValueError(f"messages holds {dict(message)}; it needs content and a role {ROLES}")
        append([start] + tokenizer.encode(message["role"] + "\n"), learn=False)
        # The end token is learned too: without it the model never learns to stop.
        append(tokenizer.encode(message["content"]) + [end], learn=message["role"] == "assistant")
        append(tokenizer.encode("\n"), learn=False)
    if add_generation_prompt:
        append([start] + tokenizer.encode("assistant\n"), learn=False)
    return RenderedChat(ids, loss_mask)


def _alternation(tokens: Collection[str]) -> re.Pattern[str]:
    """A pattern of one group that finds the leftmost token, and of those the longest."""
    # `re` takes the first alternative that matches, so a longer token must stand first.
    longest_first = sorted(tokens, key=lambda token: (-len(token), token))
    return re.compile("(" + "|".join(map(re.escape, longest_first)) + ")")
