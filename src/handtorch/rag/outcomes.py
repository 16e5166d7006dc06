"""What became of a question, end to end: answered from the right place, from a wrong one, refused.

An answer counts as *right* if something it cites overlaps a marked quote of the question by at
least half of the quote's or of the citation's characters, whichever is shorter: the reader is led
to the evidence. That judges where an answer comes from, not how it is worded, so it fits a
generator that quotes; an answer in a model's own words needs `faithfulness` as well.

`oracle` is for ceiling analysis: what would the system reach if its retriever made no mistake?

Left out: several pieces of evidence that only together make an answer; one of them is enough here.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from handtorch.rag.documents import Chunk, Document, by_id, corpus
from handtorch.rag.evaluation import Search
from handtorch.rag.generation import Answer
from handtorch.rag.pipeline import RagPipeline, Retriever
from handtorch.rag.questions import Question, relevant_chunks

#: What can become of a question.
OUTCOMES = ("right", "wrong", "refused")


def outcome(
    question: Question,
    answer: Answer,
    passages: Sequence[Chunk],
    documents: Mapping[str, Document] | None = None,
) -> str:
    """One of `OUTCOMES`. For a question without evidence only a refusal is not wrong.

    Args:
        passages: the chunks the answer's markers count, from 1.
        documents: where evidence was quoted from; None for the chapter's corpus.
    """
    if answer.refused:
        return "refused"
    documents = _documents() if documents is None else documents
    marked = []
    for evidence in question.evidence:
        start = documents[evidence.document].text.find(evidence.quote)
        marked.append((evidence.document, start, start + len(evidence.quote)))
    for citation in answer.citations:
        chunk = passages[citation.marker - 1]
        start = chunk.start + max(chunk.text.find(citation.quote), 0)
        stop = start + len(citation.quote or chunk.text)
        for document, first, last in marked:
            shared = min(stop, last) - max(start, first)
            if document == chunk.document and 2 * shared >= min(stop - start, last - first):
                return "right"
    return "wrong"


def ask_all(pipeline: RagPipeline, questions: Iterable[Question]) -> list[str]:
    """The outcome of each question; evidence is looked up in the chapter's corpus."""
    found = []
    for question in questions:
        trace = pipeline.ask(question.text)
        found.append(outcome(question, trace.answer, trace.passages))
    return found


def evidence_shown(pipeline: RagPipeline, questions: Sequence[Question]) -> float:
    """The share of the questions for which the generator is shown a chunk with evidence: what a
    reader without fault could answer.

    Raises:
        ValueError: if there are no questions.
    """
    if not questions:
        raise ValueError("questions is empty; a share needs at least one")
    traces = [(question, pipeline.ask(question.text)) for question in questions]
    return sum(bool(relevant_chunks(q, t.passages)) for q, t in traces) / len(traces)


def oracle(questions: Iterable[Question], chunks: Sequence[Chunk], search: Search) -> Retriever:
    """A retriever without fault: the chunks with evidence, best grade first, then `search`."""
    marked = {question.text: relevant_chunks(question, chunks) for question in questions}

    def retrieve(query: str, k: int) -> list[tuple[str, float]]:
        grades = marked[query]
        best = sorted(grades, key=lambda id: -grades[id])
        rest = [id for id, _ in search(query, k + len(best)) if id not in grades]
        return [(id, 1 / place) for place, id in enumerate((best + rest)[:k], start=1)]

    return retrieve


def shares(outcomes: Iterable[str]) -> dict[str, float]:
    """The share of each outcome.

    Raises:
        ValueError: if there is no outcome.
    """
    found = list(outcomes)
    if not found:
        raise ValueError("outcomes is empty; shares need at least one")
    return {name: found.count(name) / len(found) for name in OUTCOMES}


@cache
def _documents() -> dict[str, Document]:
    return by_id(corpus())
