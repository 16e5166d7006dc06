"""An experiment on when and what to retrieve while a long answer is written.

A model that can write long answers does not run in a page. So the answer is given, and a small
language model (`ngrams`) *reads along* as if it were writing: it has a probability for each token
of the next sentence, and can search before it reads it. That is teacher forcing. What is measured
is real: which passages a query finds, and how many bits the sentence then costs. What is not
measured is what a model would have written.

The long answers are the book's own: the short answers of all questions of a page, one after the
other, to the title of the page. They are cut out of the corpus that is searched, so what has to
be found for a sentence is the rest of the section that it sums up.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from handtorch.rag.active import Probabilities
from handtorch.rag.documents import Chunk, Document
from handtorch.rag.ngrams import NgramModel
from handtorch.rag.text import sentences

_SHORT_ANSWER = re.compile(r"## Short answer\n\n(.*?)(?:\n\n|\Z)", re.S)


@dataclass(frozen=True)
class LongAnswer:
    """Sentences, each with the document that it sums up, under one question."""

    question: str
    sentences: tuple[str, ...]
    sources: tuple[str, ...]


class Reading(NamedTuple):
    """A sentence as it was read.

    Attributes:
        searched: whether there was a search before it.
        found: whether a passage at hand is of the sentence's document.
        bits: what a token of it cost, with the passages at hand.
    """

    searched: bool
    found: bool
    bits: float


#: (question, sentence before, draft) -> what to search for.
MakeQuery = Callable[[str, str, Probabilities], str]


def split_short_answer(document: Document) -> tuple[str, Document]:
    """The short answer of a section of the book, and the section without it."""
    match = _SHORT_ANSWER.search(document.text)
    short = match[1] if match else ""
    return short, replace(document, text=document.text.replace(short, "", 1))


def long_answers(documents: Iterable[Document]) -> list[LongAnswer]:
    """One for each page: its short answers, in order, under the title of its introduction."""
    pages: dict[str, list[Document]] = {}
    titles: dict[str, str] = {}
    for document in documents:
        if document.metadata["kind"] == "introduction":
            titles[document.metadata["page"]] = document.title
        elif short := split_short_answer(document)[0]:
            pages.setdefault(document.metadata["page"], []).append(replace(document, text=short))
    found = []
    for page, sections in pages.items():
        pairs = [(d.text[i:j], d.id) for d in sections for i, j in sentences(d.text)]
        texts, sources = zip(*pairs)
        found.append(LongAnswer(titles.get(page, page), texts, sources))
    return found


def read_along(
    answer: LongAnswer,
    model: NgramModel,
    search: Callable[[str], Sequence[Chunk]],
    *,
    decide: Callable[[int, float], bool],
    query: MakeQuery,
) -> list[Reading]:
    """Read the answer sentence by sentence, with passages that stay at hand until the next search.

    The first search is for the question. Before each further sentence, `decide` says whether to
    search, and `query` for what.

    Args:
        decide: from the sentence's number and its bits a token with the passages at hand.
        query: from the question, the sentence before, and the draft: the sentence's tokens with
            their probabilities without any passage.
    """
    readings: list[Reading] = []
    at_hand = list(search(answer.question))
    before = answer.question
    for i, (sentence, source) in enumerate(zip(answer.sentences, answer.sources)):
        bits = _bits(model, at_hand, sentence)
        searched = i > 0 and decide(i, bits)
        if searched:
            draft = model.probabilities(sentence)
            at_hand = list(search(query(answer.question, before, draft) or answer.question))
            bits = _bits(model, at_hand, sentence)
        found = any(chunk.document == source for chunk in at_hand)
        readings.append(Reading(searched or i == 0, found, bits))
        before = sentence
    return readings


def with_guesses(model: NgramModel, draft: Probabilities, beta: float) -> str:
    """The draft with the model's own guess in the place of each token below `beta`.

    What a model would write that is sure of the rest and guesses what it does not know.
    """
    written: list[str] = []
    read: list[str] = []
    for token, p in draft:
        written.append(token if p >= beta else model.guess(read))
        read.append(token)
    return " ".join(written)


def _bits(model: NgramModel, passages: Sequence[Chunk], sentence: str) -> float:
    return model.with_passages([chunk.text for chunk in passages]).bits(sentence)
