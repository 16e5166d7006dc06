"""Keyword search that lives in a file: SQLite's FTS5, which is part of Python on most machines.

The store takes documents in and out one by one and survives the program's end; each call of
`add` or `delete` is one transaction, done as a whole or not at all. FTS5 ranks by its own BM25
(k1 = 1.2, b = 0.75, factor k1 + 1; an idf that is not positive is replaced by 1e-6). FTS5's own
tokenizers take a run of Chinese for one word, so it is given our terms, separated by blanks.

What this leaves out: the texts themselves (it keeps terms and ids), phrases, and several writers.
"""

import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType

from handtorch.rag.dense import Ranking, check_k
from handtorch.rag.text import Passages, ids_and_texts, words

# The tokenizer "ascii" leaves everything beyond ASCII in one piece, and cuts at blanks only once
# the marks that our terms may hold count as letters.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);
CREATE VIRTUAL TABLE IF NOT EXISTS passages USING fts5 (terms, tokenize = "ascii tokenchars '_.'");
"""


class KeywordStore:
    """Documents by their terms, in one SQLite file.

    Args:
        path: the file, made if there is none; ":memory:" keeps all in memory.
        tokenize: what turns a text into terms; the same whenever the file is opened.

    Raises:
        ValueError: if the file is not a sound SQLite database; it is left as it is.
        RuntimeError: if this Python's SQLite was built without FTS5.
    """

    def __init__(
        self, path: str | Path = ":memory:", tokenize: Callable[[str], list[str]] = words
    ) -> None:
        self.path, self.tokenize = str(path), tokenize
        self._connection = sqlite3.connect(self.path)
        try:
            found = self._connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if found != "ok":
                raise sqlite3.DatabaseError(found)
            self._connection.executescript(_SCHEMA)
        except sqlite3.OperationalError as error:
            self.close()
            if "no such module" in str(error):
                raise RuntimeError("this Python's SQLite was built without FTS5") from error
            raise
        except sqlite3.DatabaseError as error:
            self.close()
            raise ValueError(
                f"path is {self.path!r}, which is no sound SQLite database ({error}); nothing was "
                "changed: restore the file, or build the store again under another name"
            ) from error

    def __enter__(self) -> "KeywordStore":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __len__(self) -> int:
        return int(self._connection.execute("SELECT count(*) FROM documents").fetchone()[0])

    def close(self) -> None:
        """Let go of the file. What was added is in it already."""
        self._connection.close()

    def add(self, documents: Passages) -> None:
        """Add documents, all or none; one whose id is known replaces the former and moves last.

        Raises:
            ValueError: if an id occurs twice in `documents`.
        """
        ids, texts = ids_and_texts(documents)
        with self._connection:
            for id, text in zip(ids, texts):
                self._delete(id)
                # Rows are numbered upward, so that equal scores stand in the order of adding.
                query = "INSERT INTO documents SELECT coalesce(max(row), 0) + 1, ? FROM documents"
                row = self._connection.execute(query, [id]).lastrowid
                terms = " ".join(self.tokenize(text))
                self._connection.execute(
                    "INSERT INTO passages (rowid, terms) VALUES (?, ?)", [row, terms]
                )

    def delete(self, ids: Iterable[str]) -> None:
        """Delete documents by id, all or none.

        Raises:
            ValueError: if an id is not there.
        """
        with self._connection:
            for id in ids:
                if not self._delete(id):
                    raise ValueError(f"id {id!r} is not in the store")

    def search(self, query: str, k: int = 10) -> Ranking:
        """The k best documents that contain a term of the query, as (id, score), best first.

        FTS5 calls the better score the lower one; here the sign is turned. A term that the query
        repeats counts as often. A query without terms finds nothing.

        Raises:
            ValueError: if k < 1.
        """
        check_k(k)
        # In quotes every term is plain text: FTS5's operators (AND, NEAR, *) have no effect.
        match = " OR ".join('"' + term.replace('"', '""') + '"' for term in self.tokenize(query))
        if not match:
            return []
        rows = self._connection.execute(
            "SELECT id, -rank FROM passages JOIN documents ON row = passages.rowid "
            "WHERE passages MATCH ? ORDER BY rank, row LIMIT ?",
            [match, k],
        )
        return [(str(id), float(score)) for id, score in rows]

    def _delete(self, id: str) -> bool:
        row = self._connection.execute("SELECT row FROM documents WHERE id = ?", [id]).fetchone()
        if row is not None:
            self._connection.execute("DELETE FROM passages WHERE rowid = ?", row)
            self._connection.execute("DELETE FROM documents WHERE row = ?", row)
        return row is not None
