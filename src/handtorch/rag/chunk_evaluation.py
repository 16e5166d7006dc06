"""Chunkings compared at an equal price: the same number of characters given to the reader.

Recall among the first five chunks favors large chunks, because five large ones show more text.
Here every chunking may show `budget` characters: its ranking's chunks in order, the last one cut
off where the budget ends. What overlapping chunks repeat is paid for twice. Left out: the price
of building and searching the index, which grows with the number of chunks.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from handtorch.rag.bm25 import BM25
from handtorch.rag.chunking import parents_of
from handtorch.rag.dense import DenseIndex
from handtorch.rag.documents import Chunk
from handtorch.rag.embedding import Encoder
from handtorch.rag.evaluation import Evaluation, Search, evidence_recall
from handtorch.rag.questions import Question


def bm25_search(
    chunks: Iterable[Chunk], index_text: Callable[[Chunk], str] = lambda chunk: chunk.text
) -> Search:
    """Keyword search over the chunks; `index_text` says which text stands for a chunk."""
    return BM25({chunk.id: index_text(chunk) for chunk in chunks}).search


def vector_search(
    chunks: Sequence[Chunk],
    encoder: Encoder,
    index_text: Callable[[Chunk], str] = lambda chunk: chunk.text,
) -> Search:
    """Exact search by cosine over the chunks' vectors."""
    vectors = encoder.encode_passages([index_text(chunk) for chunk in chunks])
    index = DenseIndex([chunk.id for chunk in chunks], vectors)
    return lambda query, k: index.search(encoder.encode_queries([query])[0], k)


def parent_search(
    children: Sequence[Chunk], search: Search, children_per_parent: int = 4
) -> Search:
    """Search children and return their parents: k parents from `children_per_parent` * k children.

    Raises ValueError if `children_per_parent` is less than 1.
    """
    if children_per_parent < 1:
        raise ValueError(f"children_per_parent must be at least 1, got {children_per_parent}")
    named = {child.id: child for child in children}

    def search_parents(query: str, k: int) -> list[tuple[str, float]]:
        return parents_of(search(query, children_per_parent * k), named)[:k]

    return search_parents


def within_budget(ranked: Iterable[Chunk], budget: int) -> list[Chunk]:
    """The first chunks that make up `budget` characters; the last one is cut off there."""
    if budget < 1:
        raise ValueError(f"budget must be at least 1, got {budget}")
    shown: list[Chunk] = []
    for chunk in ranked:
        text = chunk.text[:budget]
        shown.append(replace(chunk, stop=chunk.start + len(text), text=text))
        budget -= len(text)
        if not budget:
            break
    return shown


def evaluate_budget(
    search: Search,
    questions: Sequence[Question],
    chunks: Iterable[Chunk],
    budget: int = 4000,
    k: int = 200,
) -> Evaluation:
    """For each question with evidence: the share of its quotes within the budget, and the rank.

    The values are "recall", the share of the quotes that a shown chunk holds at least half of,
    "hit", 1 if there is any, and "shown", the number of characters that were shown.
    """
    named: Mapping[str, Chunk] = {chunk.id: chunk for chunk in chunks}
    judged = [question for question in questions if question.evidence]
    recall, shown = [], []
    for question in judged:
        found = within_budget((named[id] for id, _ in search(question.text, k)), budget)
        recall.append(evidence_recall([chunk.id for chunk in found], question, found))
        shown.append(float(sum(len(chunk.text) for chunk in found)))
    hit = tuple(float(value > 0) for value in recall)
    values = {"recall": tuple(recall), "hit": hit, "shown": tuple(shown)}
    return Evaluation(tuple(question.id for question in judged), values)
