"""A knowledge graph: entities, triples that connect them, and the way from a query into the graph.

A triple says that a subject stands in a relation to an object, and which passage says so. Graph
RAG in its *local* form links the entities that a query names, takes what lies within k hops of
them, ranks it (`graph_ranking`) and writes it into the prompt (peng2024graphrag). `triples` reads
triples from text, `communities` serves the *global* form (edge2024).

What this leaves out: typed schemas, a query language, storage beyond memory, and the resolution of
entities that are spelled differently (an alias does it by hand).
"""

import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

#: Symmetric weights: ``weights[a][b] == weights[b][a]``; a loop stands once, as ``weights[a][a]``.
Weights = dict[str, dict[str, float]]

_TOKEN = re.compile(r"[\u4e00-\u9fff]|[^\W\u4e00-\u9fff]+")


@dataclass(frozen=True)
class Triple:
    """`subject` stands in `relation` to `object`, as the passage `source` says."""

    subject: str
    relation: str
    object: str
    source: str = ""

    def __str__(self) -> str:
        """The triple as a line of a prompt."""
        return f"{self.subject} | {self.relation} | {self.object}"


class KnowledgeGraph:
    """Triples, and for each entity those that it stands in.

    Entities are numbered in the order in which the triples name them. Triples keep their
    direction, which rendering shows; walks and hops go both ways, as a question may ask from
    either end. The same triple from two passages is kept twice, and weighs twice.

    Args:
        triples: what is known; may be empty.
        aliases: other names of entities, such as the title of a document for its id.

    Raises:
        ValueError: if a subject, relation or object is blank, or an alias names no entity.
    """

    def __init__(self, triples: Iterable[Triple], aliases: Mapping[str, str] | None = None) -> None:
        self.triples = tuple(triples)
        self.incident: dict[str, list[int]] = {}
        for i, triple in enumerate(self.triples):
            if not (triple.subject.strip() and triple.relation.strip() and triple.object.strip()):
                raise ValueError(f"triples[{i}] is {triple}; none of its parts may be blank")
            self.incident.setdefault(triple.subject, []).append(i)
            if triple.object != triple.subject:
                self.incident.setdefault(triple.object, []).append(i)
        self.entities = tuple(self.incident)
        self._names: dict[tuple[str, ...], str] = {}
        for name in self.entities:
            self._names.setdefault(_tokens(name), name)
        for alias, entity in (aliases or {}).items():
            if entity not in self.incident:
                raise ValueError(f"aliases[{alias!r}] is {entity!r}; it must be an entity")
            self._names.setdefault(_tokens(alias), entity)
        self._names.pop((), None)
        self._longest = max(map(len, self._names), default=0)

    def neighbors(self, entity: str) -> list[str]:
        """The entities one triple away, in the order of the triples, none twice, not itself."""
        seen: dict[str, None] = {}
        for i in self.incident[_known(entity, self)]:
            triple = self.triples[i]
            seen[triple.object if triple.subject == entity else triple.subject] = None
        seen.pop(entity, None)
        return list(seen)

    def weights(self) -> Weights:
        """How many triples connect each two entities, in either direction."""
        weights: Weights = {entity: {} for entity in self.entities}
        for triple in self.triples:
            a, b = triple.subject, triple.object
            weights[a][b] = weights[a].get(b, 0.0) + 1.0
            if a != b:
                weights[b][a] = weights[a][b]
        return weights

    def link(self, text: str) -> list[str]:
        """The entities that `text` names, in order: whole words, any case, the longest name first.

        Example: in a graph with "New York" and "York", "in new york" -> ``["New York"]``
        """
        tokens = _tokens(text)
        found: dict[str, None] = {}
        i = 0
        while i < len(tokens):
            for length in range(min(self._longest, len(tokens) - i), 0, -1):
                name = self._names.get(tokens[i : i + length])
                if name is not None:
                    found[name] = None
                    i += length - 1
                    break
            i += 1
        return list(found)


def k_hop(graph: KnowledgeGraph, seeds: Sequence[str], hops: int) -> dict[str, int]:
    """The distance of every entity within `hops` of a seed, nearest first.

    Breadth first, so a cycle costs nothing: each entity is entered once.

    Raises:
        ValueError: if `hops` is negative or a seed is no entity of the graph.
    """
    if hops < 0:
        raise ValueError(f"hops is {hops}; it must be 0 or more")
    distance = {_known(seed, graph): 0 for seed in seeds}
    queue = deque(distance)
    while queue:
        entity = queue.popleft()
        if distance[entity] == hops:
            continue
        for neighbor in graph.neighbors(entity):
            if neighbor not in distance:
                distance[neighbor] = distance[entity] + 1
                queue.append(neighbor)
    return distance


def subgraph(graph: KnowledgeGraph, seeds: Sequence[str], hops: int) -> list[Triple]:
    """The triples whose both ends lie within `hops` of a seed, in the order of the graph."""
    reached = k_hop(graph, seeds, hops)
    return [t for t in graph.triples if t.subject in reached and t.object in reached]


def render(
    triples: Iterable[Triple], budget: int, count: Callable[[str], int] | None = None
) -> str:
    """The triples as lines, best first, as many as `budget` tokens hold, none of them twice.

    A line that does not fit is skipped, and shorter ones after it still have their chance.

    Args:
        triples: best first.
        budget: tokens at most.
        count: the tokens of a line; by default its words, numbers and Chinese characters.

    Raises:
        ValueError: if `budget` is negative.
    """
    if budget < 0:
        raise ValueError(f"budget is {budget}; it must be 0 or more")
    count = count or (lambda line: len(_tokens(line)))
    lines: dict[str, None] = {}
    for triple in triples:
        line = str(triple)
        if line not in lines and count(line) <= budget:
            lines[line] = None
            budget -= count(line)
    return "\n".join(lines)


def _tokens(text: str) -> tuple[str, ...]:
    """Words in lower case, identifiers whole, Chinese by character."""
    return tuple(_TOKEN.findall(text.casefold()))


def _known(entity: str, graph: KnowledgeGraph) -> str:
    if entity not in graph.incident:
        raise ValueError(f"{entity!r} is no entity of the graph; link() finds those of a text")
    return entity
