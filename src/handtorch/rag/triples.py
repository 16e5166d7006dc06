"""Triples from documents by written rules: a language model's job, done with what runs anywhere.

GraphRAG and HippoRAG prompt a language model for entities and relations (edge2024,
gutierrez2024). The rules here find less, and each thing they find stands in the text:

    part of      the id says so: "textwrap.wrap" is part of "textwrap", "page#section" of "page"
    links to     the section links to the other (metadata "links")
    names        the text holds the other document's whole name, such as "textwrap.wrap"
    uses         the text holds an identifier, an acronym or a capitalized word inside a sentence
                 (`key_mask`, GQA, Longformer) that few documents hold
    cites        the text cites "Vaswani (2017)" or "(Dao 2022)"
    defines,     a sentence begins "Flash decoding is a ..." (at most six words of what it is),
    is a         and other documents hold the subject too

`passage_weights` hangs passages into the graph, as HippoRAG does, so that a walk that starts at
entities or passages ends at passages.

What this leaves out: pronouns, spelling variants, negation, and everything that is said in other
words than these. A relation that only a reader would see is not in the graph.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from handtorch.rag.documents import Chunk, Document
from handtorch.rag.graph import KnowledgeGraph, Triple, Weights
from handtorch.rag.text import sentences

#: A name that is no English word: it has an underscore, a dot or a hump inside, is all capital, or
#: begins with a capital after a word in lower case.
_IDENTIFIER = re.compile(
    r"\b[A-Za-z]\w*(?:[._]\w+)+\b|\b[A-Z]?[a-z]+(?:[A-Z][a-z0-9]+)+\b|\b[A-Z]{2,6}\b"
    r"|(?<=[a-z] )[A-Z][a-z]{3,}\b(?! \(?(?:19|20)\d\d)"
)
_LOWER_WORD = re.compile(r"\b[a-z]+\b")
_CITATION = re.compile(r"\b([A-Z][\w’'-]+(?: [A-Z][\w’'-]+)?) \(?((?:19|20)\d\d[a-z]?)\)")
_NO_SUBJECT = "It|Its|This|That|There|If|What|Which|And|But|Each|So|Here"
_IS_A = re.compile(
    rf"(?:An? |The )?(?!(?:{_NO_SUBJECT}) )([A-Za-z][\w-]*(?: [\w-]+){{0,3}})"
    r" (?:is|are) (an?|the) ((?:[\w-]+ ?){1,6})"
)


def extract_triples(
    documents: Sequence[Document], *, most: int = 20, least: int = 2
) -> list[Triple]:
    """The triples that the rules find, in the order of the documents, each with its source.

    Args:
        documents: with ids and metadata as `documents.corpus` gives them.
        most: identifiers, citations and subjects that more documents hold connect nothing in
            particular and are left out, and so are names that more documents hold as a plain
            word (AND, Return).
        least: those that fewer documents hold connect nothing at all.

    Raises:
        ValueError: if `least` is below 1 or above `most`.
    """
    if not 1 <= least <= most:
        raise ValueError(f"least is {least} and most {most}; 1 <= least <= most must hold")
    ids = {document.id for document in documents}
    mentions = {document.id: _mentions(document, ids) for document in documents}
    holders: dict[tuple[str, str], int] = {}
    for found in mentions.values():
        for mention in found:
            holders[mention] = holders.get(mention, 0) + 1
    lowered = [document.text.lower() for document in documents]
    common = Counter(word for d in documents for word in set(_LOWER_WORD.findall(d.text)))
    triples: list[Triple] = []
    for document in documents:
        kept = [
            (relation, name)
            for relation, name in mentions[document.id]
            if relation == "names"
            or (least <= holders[relation, name] <= most and common[name.lower()] <= most)
        ]
        for relation, name in [*_structure(document, ids), *kept]:
            triples.append(Triple(document.id, relation, name, document.id))
        for subject, kind in _definitions(document):
            holding = sum(subject.lower() in text for text in lowered)
            if least <= holding <= most:
                triples.append(Triple(document.id, "defines", subject, document.id))
                triples.append(Triple(subject, "is a", kind, document.id))
    return triples


def corpus_graph(documents: Sequence[Document], *, most: int = 20) -> KnowledgeGraph:
    """The graph of `extract_triples`, with the documents' titles as further names."""
    triples = extract_triples(documents, most=most)
    known = {name for t in triples for name in (t.subject, t.object)}
    titles = {d.title: d.id for d in documents if d.id in known and d.title != d.id}
    return KnowledgeGraph(triples, titles)


def passage_weights(graph: KnowledgeGraph, chunks: Sequence[Chunk]) -> Weights:
    """The graph's weights with a node for each passage, named by its id.

    A passage hangs on its document and on the entities that it names; an entity that n passages
    name binds each by 1/n, so that what is named everywhere leads nowhere (HippoRAG's node
    specificity). It hangs on its document by 1.
    """
    weights: Weights = {node: dict(row) for node, row in graph.weights().items()}
    named = {chunk.id: graph.link(chunk.text) for chunk in chunks}
    count: dict[str, int] = {}
    for entities in named.values():
        for entity in entities:
            count[entity] = count.get(entity, 0) + 1
    for chunk in chunks:
        edges = {entity: 1 / count[entity] for entity in named[chunk.id]}
        if chunk.document in graph.incident:
            edges[chunk.document] = 1.0
        passage = weights.setdefault(f"passage {chunk.id}", {})
        for entity, weight in edges.items():
            passage[entity] = weight
            weights[entity][f"passage {chunk.id}"] = weight
    return weights


def _structure(document: Document, ids: set[str]) -> Iterator[tuple[str, str]]:
    """What the id and the links say."""
    whole, _, part = document.id.rpartition("#" if "#" in document.id else ".")
    if not whole and "/" in document.id:
        whole, _, part = document.id.rpartition("/")
    if whole and part:
        yield "part of", whole
    for other in document.metadata.get("links", "").split():
        if other in ids and other != document.id:
            yield "links to", other


def _mentions(document: Document, ids: set[str]) -> list[tuple[str, str]]:
    """The names, identifiers and citations of a text, none twice, in order."""
    found: dict[tuple[str, str], None] = {}
    for name in _IDENTIFIER.findall(document.text):
        if name in ids and "." in name:
            if name != document.id:
                found["names", name] = None
        elif len(name) >= 5 or name.isupper():  # shorter ones are x_i, or t.T
            found["uses", name] = None
    for author, year in _CITATION.findall(document.text):
        found["cites", f"{author} {year}"] = None
    return list(found)


def _definitions(document: Document) -> Iterator[tuple[str, str]]:
    """Subject and kind of the definitions at the beginning of sentences."""
    for start, stop in sentences(document.text):
        match = _IS_A.match(document.text, start, stop)
        if match:
            yield match[1], match[3].strip()
