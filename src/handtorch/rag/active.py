"""Retrieval decided while the answer is being written: FLARE's loop, and Self-RAG's.

FLARE (jiang2023flare) drafts the next sentence without retrieval. If the model is sure of every
word, the draft stands. If not, the draft becomes the query, the sentence is written again with
what was found, and the loop goes on. *When* is a threshold on token probabilities; *what* is the
sentence to come, which no query from the past contains.

Self-RAG (asai2024) decides in the same places by tokens that the model was trained to emit. Its
control flow is here, with critics that are measured (shares of words, from 0 to 1) in the place
of reflection tokens, which only a trained model has. Nothing here calls itself a model that is not
one: the sentences come from whatever `write` is given.

What this leaves out: the training of Self-RAG's critic and generator, and its beam search over
segments (`self_rag` takes one segment).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from handtorch.rag.context import Rate
from handtorch.rag.documents import Chunk
from handtorch.rag.generation import Answer, Answerer

Probabilities = Sequence[tuple[str, float]]
#: (question, written so far, passages at hand) -> the next sentence's tokens with their
#: probabilities; nothing at the end.
Write = Callable[[str, Sequence[str], Sequence[str]], Probabilities]
Retrieve = Callable[[str], Sequence[str]]


@dataclass(frozen=True)
class Step:
    """A sentence as it was drafted, and what became of it.

    Attributes:
        draft: the tokens before retrieval, with their probabilities.
        query: what was searched for; empty if the draft was sure enough.
        passages: what was found.
        sentence: what stands in the answer.
    """

    draft: tuple[tuple[str, float], ...]
    query: str
    passages: tuple[str, ...]
    sentence: str


def confident(draft: Probabilities, theta: float) -> bool:
    """Whether no token is less probable than `theta`: 0 never retrieves, above 1 always does."""
    return all(p >= theta for _, p in draft)


def masked_query(draft: Probabilities, beta: float) -> str:
    """The draft without the tokens below `beta`: FLARE's implicit query.

    An unsure word is a guess; as a search term it would find passages about the guess.
    """
    return " ".join(token for token, p in draft if p >= beta)


def unsure_spans(draft: Probabilities, beta: float) -> list[str]:
    """Runs of tokens below `beta`: what FLARE's explicit query asks one question each about."""
    spans: list[list[str]] = [[]]
    for token, p in draft:
        if p < beta:
            spans[-1].append(token)
        elif spans[-1]:
            spans.append([])
    return [" ".join(span) for span in spans if span]


def flare(
    question: str,
    write: Write,
    retrieve: Retrieve,
    *,
    theta: float,
    beta: float,
    limit: int = 20,
) -> list[Step]:
    """Write an answer sentence by sentence, retrieving for those that the model is unsure of.

    As in the paper, the first sentence is written with passages for the question at hand, each
    draft is made without passages, and a query that masking left empty falls back to the question.

    Args:
        theta: retrieve if a token of the draft is less probable.
        beta: leave such tokens out of the query.
        limit: most sentences.

    Raises:
        ValueError: if `limit` is below 1.
    """
    if limit < 1:
        raise ValueError(f"limit is {limit}; it must be 1 or more")
    steps: list[Step] = []
    while len(steps) < limit:
        so_far = [step.sentence for step in steps]
        draft = tuple(write(question, so_far, ()))
        if not draft:
            break
        if steps and confident(draft, theta):
            steps.append(Step(draft, "", (), _join(draft)))
            continue
        query = (masked_query(draft, beta) if steps else "") or question
        passages = tuple(retrieve(query))
        written = tuple(write(question, so_far, passages)) if passages else draft
        steps.append(Step(draft, query, passages, _join(written or draft)))
    return steps


@dataclass(frozen=True)
class Critics:
    """Measures in the place of reflection tokens, each from 0 to 1.

    Attributes:
        relevant: (question, passage), for IsRel.
        supported: (answer, passage), for IsSup.
        useful: (question, answer), for IsUse.
        weights: of the three in the score; Self-RAG's defaults are 1, 1 and 0.5.
    """

    relevant: Rate
    supported: Rate
    useful: Rate
    weights: Mapping[str, float] = field(
        default_factory=lambda: {"relevant": 1.0, "supported": 1.0, "useful": 0.5}
    )


@dataclass(frozen=True)
class Candidate:
    """An answer from one passage and what the critics say; `score` is their weighted mean."""

    chunk: Chunk
    answer: Answer
    critique: Mapping[str, float]
    score: float


def self_rag(
    question: str, chunks: Sequence[Chunk], answerer: Answerer, critics: Critics
) -> list[Candidate]:
    """One answer from each passage alone, criticized, the best first.

    In Self-RAG one model writes, in parallel, a continuation for each retrieved passage and
    criticizes it; the segment score is the sum of the weighted critiques (and the log-probability
    of the text, which quotes do not have). The caller decides what score is too low to answer.
    A refusal is no candidate.
    """
    candidates = []
    total = sum(critics.weights.values())
    for chunk in chunks:
        answer = answerer.answer(question, [chunk])
        if answer.refused:
            continue
        said = " ".join(citation.quote for citation in answer.citations) or answer.text
        critique = {
            "relevant": critics.relevant(question, chunk.text),
            "supported": critics.supported(said, chunk.text),
            "useful": critics.useful(question, said),
        }
        score = sum(critics.weights[name] * value for name, value in critique.items()) / total
        candidates.append(Candidate(chunk, answer, critique, score))
    return sorted(candidates, key=lambda candidate: -candidate.score)


def _join(tokens: Probabilities) -> str:
    return " ".join(token for token, _ in tokens)
