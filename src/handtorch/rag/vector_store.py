"""One small interface to a vector database: ours in memory, and Qdrant's embedded mode on disk.

`MemoryVectorStore` joins the HNSW graph and the metadata filters of this package.
`QdrantVectorStore` keeps the same vectors with the package `qdrant-client`, which without a server
runs inside the process: points lie in a folder, a collection has a size and a distance, filters
are conditions on the payload. It is imported when such a store is opened. Embedded Qdrant compares
with every vector (its graph index is in the server), so it is exact, and meant for small sets.

What this leaves out: servers, replicas, named and sparse vectors, snapshots.
"""

import datetime
import uuid
from collections.abc import Mapping, Sequence
from os import PathLike
from types import TracebackType
from typing import Any, Protocol

import numpy.typing as npt

from handtorch.rag.filtering import Between, MetadataIndex, Where, filtered_search
from handtorch.rag.hnsw import HNSWIndex
from handtorch.rag.vectors import Ranking, Vectors, check_at_least

Metadata = Sequence[Mapping[str, str]]


class VectorStore(Protocol):
    """What a retriever needs of a vector database."""

    def add(
        self, ids: Sequence[str], vectors: npt.ArrayLike, metadata: Metadata | None = None
    ) -> None:
        """Insert vectors; ValueError, and nothing is inserted, if one of them is refused."""

    def search(self, query: npt.ArrayLike, k: int, where: Where | None = None) -> Ranking:
        """The k nearest by cosine whose metadata meet `where`, best first."""

    def delete(self, ids: Sequence[str]) -> None:
        """Remove ids; ValueError, and nothing is removed, if one of them is not there."""

    def __len__(self) -> int:
        """How many vectors there are."""


class MemoryVectorStore:
    """HNSW with filters, in memory; `index.save` is the way to a file."""

    def __init__(self, dim: int, m: int = 16, ef_construction: int = 100, ef: int = 50) -> None:
        """An empty store of vectors of `dim` numbers."""
        self.index = HNSWIndex(dim, m, ef_construction)
        self.metadata = MetadataIndex()
        self.ef = ef

    def __len__(self) -> int:
        """How many vectors there are."""
        return len(self.index)

    def add(
        self, ids: Sequence[str], vectors: npt.ArrayLike, metadata: Metadata | None = None
    ) -> None:
        """As `VectorStore.add`."""
        rows = _metadata_of(ids, metadata)
        self.index.add_all(ids, vectors)
        for row in rows:
            self.metadata.add(row)

    def search(self, query: npt.ArrayLike, k: int, where: Where | None = None) -> Ranking:
        """As `VectorStore.search`; approximate when the filter leaves more than a few hundred."""
        allowed = self.metadata.allowed(where or {})
        return filtered_search(self.index, query, k, allowed, ef=self.ef)

    def delete(self, ids: Sequence[str]) -> None:
        """As `VectorStore.delete`."""
        _check_present(ids, [id for id in ids if id in self.index.vectors.positions])
        for id in ids:
            self.index.delete(id)


class QdrantVectorStore:
    """The same with Qdrant's embedded mode; what is added is on disk when `add` returns."""

    def __init__(self, path: str | PathLike[str], dim: int, collection: str = "chunks") -> None:
        """Open the folder `path`, or make it.

        Raises:
            ImportError: the package qdrant-client is not installed.
            ValueError: the collection there has vectors of another size.
            RuntimeError: another process has the folder open (raised by Qdrant).
        """
        self._models = _import_qdrant().models
        self._checks = Vectors(dim)
        self._collection = collection
        self._client = _import_qdrant().QdrantClient(path=str(path))
        if self._client.collection_exists(collection):
            there = self._client.get_collection(collection).config.params.vectors.size
            if there != dim:
                self.close()
                raise ValueError(
                    f"dim is {dim}; the collection {collection!r} has vectors of {there}"
                )
        else:
            params = self._models.VectorParams(size=dim, distance=self._models.Distance.COSINE)
            self._client.create_collection(collection, vectors_config=params)

    def __enter__(self) -> "QdrantVectorStore":
        """Itself; leaving closes it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the folder, so that another process can open it."""
        self.close()

    def __len__(self) -> int:
        """How many vectors there are."""
        return int(self._client.count(self._collection).count)

    def close(self) -> None:
        """Close the folder."""
        self._client.close()

    def add(
        self, ids: Sequence[str], vectors: npt.ArrayLike, metadata: Metadata | None = None
    ) -> None:
        """As `VectorStore.add`. Qdrant's own upsert would replace a point without a word."""
        payloads = _metadata_of(ids, metadata)
        rows = self._checks.check(ids, vectors)  # sizes, NaN, ids twice in one call
        there = self._present(ids)
        if there:
            raise ValueError(f"id {there[0]!r} is there already; delete it first")
        points = [
            self._models.PointStruct(
                id=_point(id), vector=row.tolist(), payload={"id": id, "metadata": dict(payload)}
            )
            for id, row, payload in zip(ids, rows, payloads)
        ]
        if points:
            self._client.upsert(self._collection, points, wait=True)

    def search(self, query: npt.ArrayLike, k: int, where: Where | None = None) -> Ranking:
        """As `VectorStore.search`, exact."""
        check_at_least("k", k, 1)
        q = self._checks.query(query)
        answer = self._client.query_points(
            self._collection,
            query=q.tolist(),
            limit=k,
            query_filter=self._filter(where or {}),
            with_payload=["id"],
        )
        return [(point.payload["id"], float(point.score)) for point in answer.points]

    def delete(self, ids: Sequence[str]) -> None:
        """As `VectorStore.delete`."""
        _check_present(ids, self._present(ids))
        self._client.delete(self._collection, [_point(id) for id in ids], wait=True)

    def _present(self, ids: Sequence[str]) -> list[str]:
        points = self._client.retrieve(
            self._collection, [_point(id) for id in ids], with_payload=["id"]
        )
        there = {point.payload["id"] for point in points}
        return [id for id in ids if id in there]

    def _filter(self, where: Where) -> Any:
        """Our conditions in Qdrant's words: one `must` for each field."""
        models, must = self._models, []
        for field, condition in where.items():
            key = f'metadata."{field}"'  # quoted, a field may hold spaces and dots
            if isinstance(condition, Between):
                dates = _dates(field, condition)
                must.append(models.FieldCondition(key=key, range=models.DatetimeRange(**dates)))
                continue
            match = (
                models.MatchValue(value=condition)
                if isinstance(condition, str)
                else models.MatchAny(any=sorted(condition))
            )
            must.append(models.FieldCondition(key=key, match=match))
        return models.Filter(must=must)


def _import_qdrant() -> Any:
    try:
        import qdrant_client
    except ImportError as error:
        raise ImportError(
            "QdrantVectorStore needs the package qdrant-client, which is not installed: "
            "pip install qdrant-client; MemoryVectorStore needs nothing"
        ) from error
    return qdrant_client


def _point(id: str) -> str:
    """Qdrant's points have numbers or UUIDs as ids: the UUID that belongs to our id."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"handtorch:{id}"))


def _dates(field: str, condition: Between) -> dict[str, datetime.datetime]:
    """A range of dates in Qdrant's words; it compares numbers and dates, not other texts."""
    try:
        low, high = (datetime.datetime.fromisoformat(bound) for bound in condition)
    except ValueError as error:
        raise ValueError(
            f"where has {condition} for {field!r}; Qdrant's ranges of texts must be dates "
            "such as 2026-11-22"
        ) from error
    return {"gte": low, "lte": high}


def _metadata_of(ids: Sequence[str], metadata: Metadata | None) -> Metadata:
    if metadata is None:
        return [{} for _ in ids]
    if len(metadata) != len(ids):
        raise ValueError(f"metadata has {len(metadata)} entries for {len(ids)} ids")
    return metadata


def _check_present(ids: Sequence[str], there: Sequence[str]) -> None:
    missing = [id for id in ids if id not in there]
    if missing or len(set(ids)) < len(ids):
        wrong = missing[0] if missing else next(id for id in ids if list(ids).count(id) > 1)
        raise ValueError(f"id {wrong!r} is not there, or is named twice; nothing was deleted")
