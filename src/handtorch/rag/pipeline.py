"""The whole path of a question: retrieve, rerank, lay out, answer; every step can be looked at.

The knowledge base is a mapping from ids to chunks; the retriever and the reranker are functions
that return rankings; the generator is an `Answerer`. Nothing else is hidden in between, so a
wrong answer can be traced to the step that caused it. Left out: rewriting the query (`queries`),
packing to a budget (`context`), several rounds (`active`).

Paper: lewis2020rag, for the idea of a generator on top of a retriever.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from handtorch.rag.documents import Chunk
from handtorch.rag.generation import Answer, Answerer

#: Ids and scores, best first.
Ranking = list[tuple[str, float]]

#: From a query and a number k to the k best.
Retriever = Callable[[str, int], Ranking]

#: From a query and the candidates to the candidates' new ranking.
Reranker = Callable[[str, Sequence[Chunk]], Ranking]


@dataclass(frozen=True)
class Trace:
    """What each step made of one question.

    Attributes:
        question: as asked.
        retrieved: the retriever's ranking.
        passages: what the generator was shown, in that order.
        answer: what it said.
    """

    question: str
    retrieved: tuple[tuple[str, float], ...]
    passages: tuple[Chunk, ...]
    answer: Answer


class RagPipeline:
    """Retrieve `candidates` chunks, rerank them, show the `k` best to the generator.

    Args:
        chunks: the knowledge base.
        retriever: `search(query, k)` of any index over these chunks' ids.
        answerer: the generator.
        reranker: reorders the candidates; None keeps the retriever's order.
        candidates: how many chunks are retrieved.
        k: how many passages the generator sees.

    Raises:
        ValueError: if two chunks have the same id, or 1 <= k <= candidates does not hold.
    """

    def __init__(
        self,
        chunks: Sequence[Chunk],
        retriever: Retriever,
        answerer: Answerer,
        reranker: Reranker | None = None,
        candidates: int = 20,
        k: int = 5,
    ) -> None:
        if not 1 <= k <= candidates:
            raise ValueError(f"k is {k}; it must lie between 1 and candidates, {candidates}")
        self.chunks = {chunk.id: chunk for chunk in chunks}
        if len(self.chunks) < len(chunks):
            raise ValueError(f"chunks has {len(chunks)} elements, {len(self.chunks)} different ids")
        self.retriever, self.reranker, self.answerer = retriever, reranker, answerer
        self.candidates, self.k = candidates, k

    def ask(self, question: str) -> Trace:
        """Answer `question`, and keep what led there.

        Raises:
            ValueError: if `question` is blank, or a ranking names a chunk that is not there.
        """
        if not question.strip():
            raise ValueError(f"question is {question!r}; it must not be blank")
        retrieved = self.retriever(question, self.candidates)
        ranking = retrieved
        if self.reranker is not None and retrieved:
            ranking = self.reranker(question, self._look_up(retrieved))
        passages = self._look_up(ranking[: self.k])
        answer = self.answerer.answer(question, passages)
        return Trace(question, tuple(retrieved), tuple(passages), answer)

    def _look_up(self, ranking: Ranking) -> list[Chunk]:
        for id, _ in ranking:
            if id not in self.chunks:
                raise ValueError(f"a ranking names the chunk {id!r}, which is not in the base")
        return [self.chunks[id] for id, _ in ranking]
