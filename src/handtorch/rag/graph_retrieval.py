"""Passages by a walk on the graph: the local form of Graph RAG, beside a keyword or vector search.

The walk starts at the entities that the question names and at the passages that an ordinary
search finds, and goes over entities to passages that share no word with the question. That the
passages found by words are seeds too is what HippoRAG 2 added, for a walk from entities alone did
worse on plain questions than plain retrieval (gutierrez2025).

What this leaves out: matching the question with whole triples by vectors, and a language model
that discards triples which do not help, both of which HippoRAG 2 has.
"""

from collections.abc import Callable, Sequence

from handtorch.rag.documents import Chunk
from handtorch.rag.graph import KnowledgeGraph
from handtorch.rag.graph_ranking import RandomWalk
from handtorch.rag.triples import passage_weights

Ranking = list[tuple[str, float]]


class GraphRetriever:
    """Ranks passages by personalized PageRank.

    Args:
        graph: from the corpus; see `triples.corpus_graph`.
        chunks: the passages.
        search: (query, k) -> ranking, whose passages are seeds; None for entities only.
        damping: how far the walk goes: after n steps a share ``damping ** n`` is still under way.
            HippoRAG uses 0.5.
        passages: the share of the restart that goes to passages rather than entities, if the
            question names entities at all.
        depth: how many passages of the search are seeds.

    Raises:
        ValueError: if `passages` is not within 0 and 1 or `depth` is below 1.
    """

    def __init__(
        self,
        graph: KnowledgeGraph,
        chunks: Sequence[Chunk],
        search: Callable[[str, int], Ranking] | None = None,
        *,
        damping: float = 0.5,
        passages: float = 0.8,
        depth: int = 10,
    ) -> None:
        if not 0 <= passages <= 1:
            raise ValueError(f"passages is {passages}; it must be within 0 and 1")
        if depth < 1:
            raise ValueError(f"depth is {depth}; it must be 1 or more")
        self.graph, self._search = graph, search
        self.ids = [chunk.id for chunk in chunks]
        self.damping, self.passages, self.depth = damping, passages, depth
        self.walk = RandomWalk(passage_weights(graph, chunks))

    def seeds(self, question: str) -> dict[str, float]:
        """Where the walk starts, with weights that sum to 1; empty if there is nowhere."""
        entities = self.graph.link(question)
        found = self._search(question, self.depth) if self._search else []
        total = sum(max(score, 0.0) for _, score in found)
        share = self.passages if entities and total > 0 else 1.0
        seeds = {f"passage {id}": share * max(s, 0.0) / total for id, s in found if total > 0}
        rest = 1 - share if seeds else 1.0
        for entity in entities:
            seeds[entity] = rest / len(entities)
        return seeds

    def search(self, question: str, k: int = 10) -> Ranking:
        """The k passages where the walk is most often, none where it never is.

        Raises:
            ValueError: if `k` is below 1.
        """
        if k < 1:
            raise ValueError(f"k is {k}; it must be 1 or more")
        seeds = {node: weight for node, weight in self.seeds(question).items() if weight > 0}
        if not seeds:
            return []
        rank = self.walk.rank(seeds, damping=self.damping, tolerance=1e-8)
        scored = [(id, rank[f"passage {id}"]) for id in self.ids]
        return sorted((item for item in scored if item[1] > 0), key=lambda item: -item[1])[:k]
