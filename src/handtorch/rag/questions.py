"""Questions with the passages that answer them, marked by reading: what retrieval is measured on.

A question is in its users' words. Its *evidence* are exact quotes of documents, each graded: 2
answers the question (or, if two documents are needed, its part of it), 1 only helps. Judging
quotes and not chunks makes one judgment serve every way of cutting: a chunk is relevant if it
holds at least half of the characters of a quote.

How it was marked. 80 questions, about half on the book and half on the standard library, were
written after reading all pages and much of the documentation. For each answerable one, a reader
looked for every passage that answers it: from the reading, and among the first ten documents and
paragraphs that BM25 found for the question and for up to three rewordings, so that a passage
without the question's words had its chance. Questions come in five kinds:

- keyword: names an identifier or a term that stands in the passage;
- paraphrase: asked in other words than the passage's;
- multi_hop: two parts, answered in different documents;
- chinese: asked in Chinese, evidence in English, in Chinese or in both;
- unanswerable: nothing in the corpus answers it, though much is near.

What it cannot show. 34 answerable questions a half tell large differences only: read the
intervals. There was one judge, who knew the documents, so that nobody can say how far two judges
would agree, and a stranger would ask otherwise. What was not found counts as irrelevant, which
is unfair to a retriever that finds what BM25 and the reader missed. Passages of the Chinese
edition are evidence for Chinese questions only: who asks in English may not read them.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from handtorch.rag.documents import Chunk, Document, by_id, corpus

KINDS = ("keyword", "paraphrase", "multi_hop", "chinese", "unanswerable")
SPLITS = ("dev", "test")


@dataclass(frozen=True)
class Evidence:
    """A quote that bears on a question.

    Attributes:
        document: id of the document.
        quote: its exact characters, which stand in the document once; 60 to 300 of them, in the
            Chinese edition from 30.
        grade: 2 if the quote answers the question (or its part of it), 1 if it helps.
    """

    document: str
    quote: str
    grade: int


@dataclass(frozen=True)
class Question:
    """A question and all evidence that was found for it.

    Attributes:
        id: unique.
        text: the question.
        kind: one of `KINDS`.
        split: "dev", to tune on, or "test", to report.
        evidence: empty exactly if the corpus does not answer the question.
    """

    id: str
    text: str
    kind: str
    split: str
    evidence: tuple[Evidence, ...]


def questions(split: str | None = None, kinds: Iterable[str] | None = None) -> list[Question]:
    """The questions of one half, or of both, and of some kinds, or of all.

    Raises:
        ValueError: if `split` or one of `kinds` does not exist.
    """
    if split is not None and split not in SPLITS:
        raise ValueError(f"split is {split!r}; it must be one of {SPLITS} or None")
    wanted = KINDS if kinds is None else tuple(kinds)
    if unknown := [kind for kind in wanted if kind not in KINDS]:
        raise ValueError(f"kinds contains {unknown[0]!r}; it may contain {KINDS}")
    return [q for q in _all() if q.kind in wanted and split in (None, q.split)]


def relevant_chunks(
    question: Question,
    chunks: Iterable[Chunk],
    documents: Mapping[str, Document] | None = None,
) -> dict[str, int]:
    """The chunks that hold at least half of the characters of a quote.

    Args:
        question: what is asked.
        chunks: pieces of the documents, cut in any way; they may overlap.
        documents: where the quotes are; None for the chapter's corpus.

    Returns:
        Chunk ids in the order of `chunks`, each with the highest grade of its quotes. Empty for
        an unanswerable question, and where each chunk is shorter than half of each quote.

    Raises:
        ValueError: if a quote is in none of `documents`.
    """
    spans: dict[str, list[tuple[int, int, int]]] = {}
    for evidence in question.evidence:
        start, stop = _span(evidence, _corpus() if documents is None else documents)
        spans.setdefault(evidence.document, []).append((start, stop, evidence.grade))
    grades: dict[str, int] = {}
    for chunk in chunks:
        for start, stop, grade in spans.get(chunk.document, ()):
            if 2 * (min(stop, chunk.stop) - max(start, chunk.start)) >= stop - start:
                grades[chunk.id] = max(grade, grades.get(chunk.id, 0))
    return grades


def _span(evidence: Evidence, documents: Mapping[str, Document]) -> tuple[int, int]:
    """Where the quote begins and ends in its document."""
    document = documents.get(evidence.document)
    start = -1 if document is None else document.text.find(evidence.quote)
    if start < 0:
        raise ValueError(f"document {evidence.document!r} does not contain {evidence.quote!r}")
    return start, start + len(evidence.quote)


@cache
def _corpus() -> dict[str, Document]:
    return by_id(corpus())


@cache
def _all() -> tuple[Question, ...]:
    data = resources.files("handtorch").joinpath("data", "rag_questions.json")
    return tuple(
        Question(**{**entry, "evidence": tuple(Evidence(**e) for e in entry["evidence"])})
        for entry in json.loads(data.read_text(encoding="utf-8"))
    )
