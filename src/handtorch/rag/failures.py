"""Where did the answer get lost? The first of barnett2024's failure points that a trace shows.

A question's evidence is followed through the pipeline: is it among the retrieved candidates, in
the passages that the generator was shown, in the answer? The first step that does not have it is
where to look; repairing a later one cannot help. Of the seven failure points this finds five.
Wrong format and wrong specificity are judgments about an answer that has the content, and need a
reader.

Two rules stand in for such a reader here. A text says what a quote says if it holds at least half
of the quote's content terms: fair to a generator that quotes, too strict for one that puts things
in its own words. And one quote of grade 2 is enough to answer a question, two quotes from
different documents for one of several hops: which quotes are for which hop is not marked.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from handtorch.rag.documents import Chunk, Document
from handtorch.rag.faithfulness import containment
from handtorch.rag.pipeline import Trace
from handtorch.rag.questions import Evidence, Question, relevant_chunks

#: What `diagnose` may say, in the order of the pipeline.
POINTS = (
    "answered",
    "refused rightly",
    "1 missing content",
    "2 missed top ranked",
    "3 not in context",
    "4 not extracted",
    "7 incomplete",
)


def needed(question: Question) -> list[Evidence]:
    """The quotes of grade 2: those that answer the question, or a part of it."""
    return [evidence for evidence in question.evidence if evidence.grade == 2]


def marked_chunks(
    question: Question, chunks: Iterable[Chunk], documents: Mapping[str, Document] | None = None
) -> list[Chunk]:
    """The chunks that contain a quote of grade 2, in their order."""
    listed = list(chunks)
    grades = relevant_chunks(question, listed, documents)
    return [chunk for chunk in listed if grades.get(chunk.id) == 2]


def holds(
    question: Question, chunks: Iterable[Chunk], documents: Mapping[str, Document] | None = None
) -> bool:
    """Whether chunks contain enough of the evidence to answer; False if there is none."""
    listed = list(chunks)
    alone = [(one, replace(question, evidence=(one,))) for one in needed(question)]
    return _enough(question, [e for e, one in alone if relevant_chunks(one, listed, documents)])


def answers(question: Question, text: str, share: float = 0.5) -> bool:
    """Whether a text says enough of the evidence to answer; False if there is none."""
    return _enough(question, [one for one in needed(question) if says(text, one, share)])


def says(text: str, evidence: Evidence, share: float = 0.5) -> bool:
    """Whether a text holds at least `share` of the content terms of the quote."""
    return containment(evidence.quote, text) >= share


def diagnose(
    question: Question,
    trace: Trace,
    chunks: Mapping[str, Chunk],
    documents: Mapping[str, Document] | None = None,
) -> str:
    """The first step of the pipeline that lost the question's evidence; one of `POINTS`.

    A question that the corpus does not answer is "refused rightly", or else "1 missing content":
    the generator answered all the same. A refusal of another question is "4 not extracted" if the
    generator was shown what it needed.

    Args:
        question: with its evidence.
        trace: what the pipeline made of it.
        chunks: all chunks of the index, by id.
        documents: what the quotes were taken from; None for the chapter's corpus.
    """
    if not needed(question):
        return "refused rightly" if trace.answer.refused else "1 missing content"
    if not holds(question, [chunks[id] for id, _ in trace.retrieved], documents):
        return "2 missed top ranked"
    if not holds(question, trace.passages, documents):
        return "3 not in context"
    text = "" if trace.answer.refused else trace.answer.text
    if answers(question, text):
        return "answered"
    part = any(says(text, one) for one in needed(question))
    return "7 incomplete" if part else "4 not extracted"


def _enough(question: Question, found: Iterable[Evidence]) -> bool:
    """Whether these quotes come from as many documents as the question needs."""
    hops = 2 if question.kind == "multi_hop" else 1
    wanted = len({one.document for one in needed(question)})
    return len({one.document for one in found}) >= max(1, min(hops, wanted))
