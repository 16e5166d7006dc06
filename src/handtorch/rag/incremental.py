"""An index that changes: documents come, change and go, and a crash loses none of it.

The unit of change is the document. A fingerprint of its text and of the rules that cut it tells
whether there is anything to do; if there is, all its chunks are replaced in one step, because a
sentence inserted at the top moves every later border. A change is written to a `journal` first
and applied after, so that what a method has returned from survives a kill at any moment.

In memory a deleted chunk becomes a tombstone, which searches skip (see `postings`); in the journal
the old record of a document stays behind the new one. Once too many chunks are dead, `compact`
writes a journal of the living documents alone and builds the postings anew.

What this leaves out: vectors (the same tombstones serve them, see `hnsw` for what they cost),
several writers, and reading the past: the journal keeps old versions only until compaction.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from types import MappingProxyType, TracebackType
from typing import Any

from handtorch.rag.chunking import structural_chunks
from handtorch.rag.documents import Chunk, Document, by_id
from handtorch.rag.journal import Damage, Journal
from handtorch.rag.postings import Postings, Ranking
from handtorch.rag.text import words

Cut = Callable[[Document], Sequence[Chunk]]
KIND = "incremental index"


def by_structure(document: Document) -> list[Chunk]:
    """The usual cut: sections and blocks, up to 800 characters."""
    return structural_chunks(document, 800)


@dataclass(frozen=True)
class Changes:
    """Ids of documents, by what `IncrementalIndex.sync` did with them."""

    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)


class IncrementalIndex:
    """A keyword index of documents in one file.

    Args:
        path: the journal; made if there is none, in a folder that exists.
        cut: what turns a document into chunks.
        rules: a name for `cut` and what goes before it. Documents that were cut under another
            name count as changed, so change it with them.
        tokenize: what turns a text into terms; the same whenever the file is opened.
        dead_share: compact by itself once this share of the chunks is dead, above 0; 1 is never.
            An error of the disk there leaves the change before it done.
        repair: of a damaged file, keep what is intact, see `journal`. A document whose last
            record was lost is then missing, or there in an older version, or no longer deleted:
            `sync` with the sources afterwards, which skips all that is as it should be.

    Attributes:
        damage: what a repair has left out.

    Raises:
        CorruptJournalError: if the file is damaged, or is no such index; nothing is changed.
        ValueError: if `dead_share` is not above 0 and at most 1.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        cut: Cut = by_structure,
        *,
        rules: str = "structural 800",
        tokenize: Callable[[str], list[str]] = words,
        dead_share: float = 0.5,
        repair: bool = False,
    ) -> None:
        if not 0 < dead_share <= 1:
            raise ValueError(f"dead_share is {dead_share}; it must be above 0 and at most 1")
        self.cut, self.rules, self.dead_share = cut, rules, dead_share
        self._records: dict[str, dict[str, Any]] = {}  # by document, as in the journal
        self._slots: dict[str, list[int]] = {}  # by document, where its chunks are
        self._owners: dict[str, str] = {}  # chunk -> its document
        self._postings = Postings(tokenize)
        self._journal = Journal(path, KIND, repair=repair)
        self.damage: tuple[Damage, ...] = self._journal.damage
        for record in self._journal.records:
            self._apply(record)
        self._journal.records.clear()

    def upsert(self, document: Document) -> bool:
        """Add a document, or replace the one of the same id; False if nothing has changed."""
        return bool(self.upsert_all([document]))

    def upsert_all(self, documents: Iterable[Document]) -> list[str]:
        """Add or replace documents, acknowledged together; the ids of those that changed.

        Raises:
            ValueError: if two of them have the same id, or a chunk is not a part of its document
                or has the id of another chunk. Nothing is changed then.
        """
        todo = by_id(documents)
        records = [r for r in map(self._put, todo.values()) if r is not None]
        self._commit(records)
        return [record["id"] for record in records]

    def delete(self, id: str) -> bool:
        """Take a document out; False if there is none of this id."""
        found = id in self._records
        self._commit([{"op": "delete", "id": id}] if found else [])
        return found

    def sync(self, documents: Iterable[Document]) -> Changes:
        """Make the index hold exactly these documents: what is not among them is deleted.

        Notifications of changes get lost, those of deletions first; a comparison with the full
        list finds what they missed, and costs one fingerprint for each unchanged document.
        """
        todo = by_id(documents)
        records = {id: self._put(document) for id, document in todo.items()}
        gone = [id for id in self._records if id not in todo]
        changed = [record for record in records.values() if record is not None]
        changes = Changes(
            [record["id"] for record in changed if record["id"] not in self._records],
            [record["id"] for record in changed if record["id"] in self._records],
            gone,
            [id for id, record in records.items() if record is None],
        )
        self._commit([*({"op": "delete", "id": id} for id in gone), *changed])
        return changes

    def search(self, query: str, k: int = 10) -> Ranking:
        """The k best living chunks as (id, score), by BM25; ties in the order of indexing.

        Raises:
            ValueError: if k < 1.
        """
        return self._postings.search(query, k)

    def chunks(self) -> list[Chunk]:
        """The living chunks, in the order of indexing."""
        return self._postings.living()

    def documents(self) -> list[Document]:
        """The documents, the last changed last."""
        return [_document(record) for record in self._records.values()]

    def __len__(self) -> int:
        """How many documents there are."""
        return len(self._records)

    def __contains__(self, id: object) -> bool:
        return id in self._records

    @property
    def tombstones(self) -> int:
        """How many chunks are dead and not yet cleared away."""
        return self._postings.dead

    def compact(self) -> None:
        """Rewrite the journal with the living documents only, and drop the tombstones.

        A crash leaves the old journal or the new one, which mean the same.
        """
        records = list(self._records.values())
        self._journal.rewrite(records)
        self._postings = Postings(self._postings.tokenize)
        self._records, self._slots, self._owners = {}, {}, {}
        for record in records:
            self._apply(record)

    def close(self) -> None:
        """Let go of the file. Everything is on disk already."""
        self._journal.close()

    def __enter__(self) -> "IncrementalIndex":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _put(self, document: Document) -> dict[str, Any] | None:
        """The record of a document, with the borders of its chunks; None if it is in there."""
        fingerprint = _fingerprint(document, self.rules)
        known = self._records.get(document.id)
        if known is not None and known["hash"] == fingerprint:
            return None
        chunks = self.cut(document)
        _check(document, chunks)
        return {
            "op": "put",
            "id": document.id,
            "title": document.title,
            "text": document.text,
            "metadata": dict(document.metadata),
            "hash": fingerprint,
            "chunks": [[c.id, c.start, c.stop, dict(c.metadata)] for c in chunks],
        }

    def _commit(self, records: list[dict[str, Any]]) -> None:
        """First to disk, then into memory: what is visible is acknowledged."""
        if not records:
            return
        self._check_new_ids(records)
        self._journal.append(records)
        for record in records:
            self._apply(record)
        if self.tombstones > self.dead_share * self._postings.size:
            self.compact()

    def _check_new_ids(self, records: list[dict[str, Any]]) -> None:
        """No chunk may have the id of a chunk of another document that stays."""
        gone = {record["id"] for record in records if record["op"] == "delete"}
        new: dict[str, str] = {}
        for record in records:
            for id, *_ in record.get("chunks", ()):
                owner = self._owners.get(id)
                if owner is None or owner in gone:
                    owner = new.setdefault(id, record["id"])
                if owner != record["id"]:
                    raise ValueError(
                        f"cut gave {record['id']!r} a chunk of the id {id!r}, which {owner!r} "
                        "has already; ids of chunks must be unique"
                    )

    def _apply(self, record: Mapping[str, Any]) -> None:
        """Make memory agree with a record of the journal."""
        id = record["id"]
        self._records.pop(id, None)
        for slot in self._slots.pop(id, ()):
            del self._owners[self._postings.chunk(slot).id]
            self._postings.remove(slot)
        if record["op"] == "delete":
            return
        self._records[id] = {key: value for key, value in record.items() if key != "n"}
        self._slots[id] = []
        for c, start, stop, metadata in record["chunks"]:
            chunk = Chunk(c, id, start, stop, record["text"][start:stop], metadata)
            self._slots[id].append(self._postings.add(chunk))
            self._owners[c] = id


def _fingerprint(document: Document, rules: str) -> str:
    """Equal exactly for the same document, cut by the same rules."""
    facts = [rules, document.title, document.text, sorted(document.metadata.items())]
    return hashlib.sha256(json.dumps(facts).encode("ascii")).hexdigest()


def _document(record: Mapping[str, Any]) -> Document:
    metadata = MappingProxyType(record["metadata"])
    return Document(record["id"], record["title"], record["text"], metadata)


def _check(document: Document, chunks: Sequence[Chunk]) -> None:
    for chunk in chunks:
        if (chunk.document, chunk.text) != (document.id, document.text[chunk.start : chunk.stop]):
            raise ValueError(
                f"cut gave {document.id!r} the chunk {chunk.id!r}, whose text is not that of its "
                f"characters {chunk.start} to {chunk.stop}"
            )
    if len({chunk.id for chunk in chunks}) < len(chunks):
        raise ValueError(f"cut gave {document.id!r} two chunks of one id")
