"""The generator: from a question and passages to an answer that cites them.

One interface, two kinds. `EndpointAnswerer` (in `endpoint`) asks a language model that the reader
has. `ExtractiveAnswerer` needs none: it quotes the sentences that cover most of the question, and
refuses when none covers enough. It understands nothing and words nothing, so whatever it says is
in a passage; `Answer.generator` says which of the two spoke.

Left out: streaming, conversations, answers in more than one step.
"""

import math
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from handtorch.rag.documents import Chunk
from handtorch.rag.endpoint import complete_chat
from handtorch.rag.prompts import REFUSAL, cited_numbers, render_prompt
from handtorch.rag.text import sentences, words

#: Longest sentence to quote, in characters; what is longer is mostly code or a table.
LONGEST = 400

#: Words that tell what kind of question it is, not what it is about.
STOP_WORDS = frozenset(
    """
    a an and are as at be between but by can could did do does each for from had has have how i if
    in is it its many may me most much must of on one or other shall should so some such than that
    the their them then there these they this those to was we were what when where whether which
    while who whom whose why will with would you your
    什么 怎样 怎么 如何 为什 为何 哪些 哪里 多少 是否 可以 这个 那个 一个
    """.split()  # noqa: SIM905
)


@dataclass(frozen=True)
class Citation:
    """Passage `chunk` under the number `marker`; `quote` is the text used, where that is known."""

    marker: int
    chunk: str
    quote: str = ""


@dataclass(frozen=True)
class Answer:
    """What the generator said.

    Attributes:
        text: the answer, with numbers in brackets where it cites.
        citations: the passages cited, in order of appearance.
        generator: who said it.
        refused: whether it declined to answer from these passages.
    """

    text: str
    citations: tuple[Citation, ...]
    generator: str
    refused: bool = False


class Answerer(Protocol):
    """Anything that answers a question from passages."""

    @property
    def name(self) -> str: ...

    def answer(self, question: str, chunks: Sequence[Chunk]) -> Answer:
        """An answer that cites `chunks` by their place in the sequence, from 1."""
        ...


class ExtractiveAnswerer:
    """Quotes the sentences of the passages that cover the question's words best.

    A sentence's score is the share of the question's weight that its words carry, a word's weight
    being its inverse document frequency. The best sentence is taken, then the one that covers
    most of what is left, until `limit` sentences are quoted or nothing is gained. A heading or a
    question is not quoted, since it answers nothing; it lends its words to the sentence after it.

    Args:
        texts: the corpus, for document frequencies; without it, all words weigh the same.
        limit: most sentences to quote.
        threshold: least share of the question's weight that the sentences together must cover;
            below it the answer is a refusal.

    Raises:
        ValueError: if `limit` is below 1 or `threshold` is not between 0 and 1.
    """

    name = "extractive (quotes sentences; no language model)"

    def __init__(self, texts: Sequence[str] = (), limit: int = 2, threshold: float = 0.5) -> None:
        if limit < 1:
            raise ValueError(f"limit is {limit}; it must be 1 or more")
        if not 0 <= threshold <= 1:
            raise ValueError(f"threshold is {threshold}; it must lie between 0 and 1")
        self.limit, self.threshold = limit, threshold
        self.size = len(texts)
        self.frequency = Counter(word for text in texts for word in set(words(text)))

    def weights(self, question: str) -> dict[str, float]:
        """Words of the question that carry its topic, and their shares of the weight."""
        terms = [word for word in dict.fromkeys(words(question)) if word not in STOP_WORDS]
        idf = {t: math.log(1 + (self.size + 0.5) / (self.frequency[t] + 0.5)) for t in terms}
        total = sum(idf.values())
        return {term: weight / total for term, weight in idf.items()}

    def answer(self, question: str, chunks: Sequence[Chunk]) -> Answer:
        """The quotes, each with its passage's number; a refusal if they cover too little."""
        left = self.weights(question)
        candidates = [
            (number, quote, found)
            for number, chunk in enumerate(chunks, start=1)
            for quote, found in _quotable(chunk)
        ]
        quoted: list[Citation] = []
        covered = 0.0
        while candidates and len(quoted) < self.limit:
            gains = [sum(left.get(word, 0.0) for word in found) for _, _, found in candidates]
            best = max(range(len(gains)), key=gains.__getitem__)  # the first of equals
            if gains[best] <= 0:
                break
            number, quote, found = candidates.pop(best)
            quoted.append(Citation(number, chunks[number - 1].id, quote))
            covered += gains[best]
            left = {word: weight for word, weight in left.items() if word not in found}
        if not quoted or covered < self.threshold:
            return Answer(REFUSAL, (), self.name, refused=True)
        text = " ".join(f"{citation.quote} [{citation.marker}]" for citation in quoted)
        return Answer(text, tuple(quoted), self.name)


def _quotable(chunk: Chunk) -> list[tuple[str, set[str]]]:
    """The sentences of a chunk that may be quoted, each with the words it can be found by."""
    found = []
    lent = set(words(chunk.metadata.get("heading", "")))
    for start, stop in sentences(chunk.text):
        quote = chunk.text[start:stop].strip()
        if quote.startswith("#") or quote.endswith(("?", "？")):
            lent |= set(words(quote))
        elif quote:
            if len(quote) <= LONGEST:
                found.append((quote, set(words(quote)) | lent))
            lent = set()
    return found


class EndpointAnswerer:
    """A language model behind an OpenAI-compatible endpoint, at temperature 0.

    Args:
        url: the endpoint's base, such as ``http://localhost:8000/v1``.
        model: the model's name there.
        key: sent as a bearer token, shown nowhere.
        timeout: seconds to wait for an answer.
        complete: what sends the messages; for tests.

    Raises:
        ValueError: see `complete_chat`, which checks these when it is called.
    """

    def __init__(
        self,
        url: str,
        model: str,
        key: str | None = None,
        timeout: float = 60.0,
        complete: Callable[..., str] = complete_chat,
    ) -> None:
        self.url, self.model, self.timeout = url, model, timeout
        self._key, self._complete = key, complete
        self.name = f"language model {model}"

    def answer(self, question: str, chunks: Sequence[Chunk]) -> Answer:
        """What the model replied. Numbers that no passage has are no citations.

        Raises:
            EndpointError: if the endpoint gives no usable answer.
        """
        messages = render_prompt(question, chunks)
        text = self._complete(self.url, self.model, messages, key=self._key, timeout=self.timeout)
        text = text.strip()
        numbers = [n for n in cited_numbers(text) if 1 <= n <= len(chunks)]
        citations = tuple(Citation(n, chunks[n - 1].id) for n in numbers)
        return Answer(text, citations, self.name, refused=text.startswith(REFUSAL.rstrip(".")))


def answerer(texts: Sequence[str] = ()) -> Answerer:
    """The language model that HANDTORCH_LLM_URL names, else the extractive answerer.

    HANDTORCH_LLM_MODEL is the model's name there, HANDTORCH_LLM_KEY a key if it wants one.

    Raises:
        ValueError: if the URL is set and the model is not.
    """
    url = os.environ.get("HANDTORCH_LLM_URL", "").strip()
    if not url:
        return ExtractiveAnswerer(texts)
    model = os.environ.get("HANDTORCH_LLM_MODEL", "").strip()
    if not model:
        raise ValueError("HANDTORCH_LLM_MODEL is empty; HANDTORCH_LLM_URL needs a model's name")
    return EndpointAnswerer(url, model, os.environ.get("HANDTORCH_LLM_KEY", "").strip() or None)
