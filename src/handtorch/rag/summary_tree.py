"""A tree of summaries over passages, for questions about a part and about a detail alike.

Passages are grouped and each group is summarized; the summaries are grouped again, up to one root.
Search goes over all nodes at once, summaries and passages alike, or over some levels. This is
RAPTOR (sarthi2024) with our summarizer (`summaries`, which quotes), and with one group for each
passage where RAPTOR lets clusters overlap. A tree may follow a book's own headings instead, as
hierarchical merging of long texts does (chang2024).

What this leaves out: updating a tree in place, and descending it level by level.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from handtorch.rag.bm25 import BM25
from handtorch.rag.communities import leiden, weights_of
from handtorch.rag.documents import Chunk
from handtorch.rag.summaries import central, prose_sentences, similarity

Groups = list[list[int]]


@dataclass(frozen=True)
class Node:
    """A passage (level 0) or the summary of its children, nodes of the level below.

    Attributes:
        id: the chunk's id, or ``"summary <level>.<number>"``.
        leaves: the ids of all chunks below, its own for a chunk.
        shown: what of the passages its text shows: the chunk, or the sentences that it quotes, as
            pieces with offsets. A citation of a summary can point there.
    """

    id: str
    level: int
    text: str
    children: tuple[str, ...]
    leaves: tuple[str, ...]
    shown: tuple[Chunk, ...]


class SummaryTree:
    """Passages, summaries of groups of them, summaries of those, up to one root.

    Args:
        chunks: at least one.
        group: from the texts of a level to its groups, at least one index in each, fewer groups
            than texts. By default `by_similarity`; `in_order` keeps neighbors together.
        outline: from a chunk to the headings that it stands under, from the outermost to the
            innermost, for a tree that follows a book's own structure; then `group` is not used.
        budget: tokens of a summary.

    Raises:
        ValueError: if there are no chunks, `group` does not make fewer groups than texts, or
            `outline` does not give all chunks the same number of headings.
    """

    def __init__(
        self,
        chunks: Sequence[Chunk],
        *,
        group: Callable[[Sequence[str]], Groups] | None = None,
        outline: Callable[[Chunk], Sequence[str]] | None = None,
        budget: int = 120,
    ) -> None:
        if not chunks:
            raise ValueError("chunks is empty; a tree needs at least one")
        self.levels = [[Node(c.id, 0, c.text, (), (c.id,), (c,)) for c in chunks]]
        if outline is not None:
            grouped = _by_headings([tuple(outline(chunk)) for chunk in chunks])
            for groups in grouped:
                self._add_level(groups, budget)
        while len(self.levels[-1]) > 1:
            below = [node.text for node in self.levels[-1]]
            groups = (group or by_similarity)(below)
            if not len(groups) < len(below):
                raise ValueError(
                    f"group made {len(groups)} groups of {len(below)} texts, not fewer"
                )
            self._add_level(groups, budget)
        self.nodes = {node.id: node for level in self.levels for node in level}
        self._index = BM25({node.id: node.text for node in self.nodes.values()})

    def _add_level(self, groups: Groups, budget: int) -> None:
        level, below = len(self.levels), self.levels[-1]
        self.levels.append(
            [
                _summary(f"summary {level}.{i}", level, [below[j] for j in members], budget)
                for i, members in enumerate(groups)
            ]
        )

    @property
    def root(self) -> Node:
        """The summary of everything."""
        return self.levels[-1][0]

    def search(
        self, query: str, k: int = 10, levels: Sequence[int] | None = None
    ) -> list[tuple[str, float]]:
        """The best nodes of all levels, or of some, by BM25 over the whole tree."""
        ranked = self._index.search(query, len(self.nodes))
        kept = [(i, s) for i, s in ranked if levels is None or self.nodes[i].level in levels]
        return kept[:k]


def in_order(size: int) -> Callable[[Sequence[str]], Groups]:
    """Groups of `size` neighbors: the chapters of a book, then its parts.

    Raises:
        ValueError: if `size` is below 2.
    """
    if size < 2:
        raise ValueError(f"size is {size}; it must be 2 or more")

    def group(texts: Sequence[str]) -> Groups:
        return [list(range(len(texts)))[i : i + size] for i in range(0, len(texts), size)]

    return group


def by_similarity(texts: Sequence[str], neighbors: int = 5) -> Groups:
    """Groups of similar texts: Leiden's communities of the graph of nearest neighbors.

    Where every text would be a group of its own, all of them become one.
    """
    similar = similarity(texts)
    np.fill_diagonal(similar, 0)
    edges = [
        (str(i), str(j), float(similar[i, j]))
        for i in range(len(texts))
        for j in np.argsort(-similar[i], kind="stable")[:neighbors].tolist()
        if similar[i, j] > 1e-9
    ]
    found = leiden(weights_of(edges, map(str, range(len(texts)))))
    groups = sorted(sorted(map(int, community)) for community in found)
    return groups if len(groups) < len(texts) else [list(range(len(texts)))]


def _by_headings(paths: list[tuple[str, ...]]) -> list[Groups]:
    """For each level of headings, innermost first, the groups of what stands under the same."""
    if len({len(path) for path in paths}) > 1:
        raise ValueError("outline gives chunks different numbers of headings; they must agree")
    levels: list[Groups] = []
    while paths[0]:
        places: dict[tuple[str, ...], list[int]] = {}
        for i, path in enumerate(paths):
            places.setdefault(path, []).append(i)
        levels.append(list(places.values()))
        paths = [path[:-1] for path in places]
    return [*levels, [list(range(len(paths)))]] if len(paths) > 1 else levels


def _summary(id: str, level: int, children: Sequence[Node], budget: int) -> Node:
    pieces = [piece for child in children for piece in child.shown]
    if level == 1:
        pieces = [sentence for chunk in pieces for sentence in _sentence_pieces(chunk)]
    shown = tuple(pieces[i] for i in central([piece.text for piece in pieces], budget))
    text = " ".join(" ".join(piece.text.split()) for piece in shown)
    leaves = tuple(leaf for child in children for leaf in child.leaves)
    return Node(id, level, text, tuple(child.id for child in children), leaves, shown)


def _sentence_pieces(chunk: Chunk) -> list[Chunk]:
    return [
        Chunk(
            f"{chunk.id}@{start}-{stop}",
            chunk.document,
            chunk.start + start,
            chunk.start + stop,
            chunk.text[start:stop],
            chunk.metadata,
        )
        for start, stop in prose_sentences(chunk.text)
    ]
