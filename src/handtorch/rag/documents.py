"""What is searched: this book's own pages and the documentation of Python's standard library.

A *document* is what has one author's heading: a question of the book with its answers, the
introduction of a page, the docstring of one function. A *chunk* is the piece of a document that
an index holds and a retriever returns; it remembers where it was cut, so that a citation can
point at the characters it rests on.

The pages are read from a snapshot (``data/book.jsonl.gz``, made by `handtorch.rag.snapshot`), not
from the notebooks: a chapter that retrieves from the book must not change its measured numbers
with every corrected comma, nor need the book beside the package. What this leaves out: parsing
(see `pdf_text` and `tables`), cutting (see `chunking`), and who may read what.
"""

import gzip
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from handtorch import corpora


@dataclass(frozen=True)
class Document:
    """A text with a name and what is known about it.

    Attributes:
        id: unique in its corpus, such as ``"attention/self_attention#why-softmax"``.
        title: one line.
        text: the whole text, title included, in plain Markdown.
        metadata: facts to filter by; here chapter, page, language ("en" or "zh") and kind
            ("question", "introduction" or "docstring"), and for the book the ids that the text
            links to, separated by spaces.
    """

    id: str
    title: str
    text: str
    metadata: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Chunk:
    """The characters ``start`` to ``stop`` of a document.

    Attributes:
        id: unique in its index.
        document: id of the document it was cut from.
        start: offset of its first character in the document's text.
        stop: offset after its last character.
        text: ``document.text[start:stop]``.
        metadata: the document's, and what the cutter adds.
    """

    id: str
    document: str
    start: int
    stop: int
    text: str
    metadata: Mapping[str, str] = field(default_factory=dict, hash=False)


def corpus() -> list[Document]:
    """The book, then the standard library: all that the chapter's questions are asked of."""
    return [*book(), *standard_library()]


def book() -> list[Document]:
    """The question sections and page introductions of the chapters tokenizer, attention and
    efficient_attention, then 26 sections of the Chinese edition, whose ids begin with ``zh/``."""
    return list(_snapshot())


def standard_library() -> list[Document]:
    """Docstrings of the standard library, under qualified names such as ``textwrap.dedent``.

    The text is the name as a heading and the docstring. A docstring that stands at several
    places is one document, under the first of its names.

    Returns:
        4,367 documents, the same from Python 3.11 to 3.13.

    Warns:
        handtorch.corpora.CorpusDrift: if this Python lacks some of them.
    """
    names: dict[str, str] = {}
    for name, text in corpora.docstring_entries():
        names.setdefault(text, name)
    return [
        Document(name, name, f"# {name}\n\n{text}", _library_metadata(name))
        for text, name in names.items()
    ]


def by_id(documents: Iterable[Document]) -> dict[str, Document]:
    """The documents by their ids, in the given order.

    Raises:
        ValueError: if two documents have the same id.
    """
    found: dict[str, Document] = {}
    for document in documents:
        if document.id in found:
            raise ValueError(f"two documents have the id {document.id!r}; ids must be unique")
        found[document.id] = document
    return found


def _library_metadata(name: str) -> dict[str, str]:
    return {
        "chapter": "standard_library",
        "page": name.split(".")[0],
        "language": "en",
        "kind": "docstring",
    }


@cache
def _snapshot() -> tuple[Document, ...]:
    packed = resources.files("handtorch").joinpath("data", "book.jsonl.gz").read_bytes()
    lines = gzip.decompress(packed).decode("utf-8").splitlines()
    return tuple(Document(**json.loads(line)) for line in lines)
