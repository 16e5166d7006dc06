"""The keyword store: its scores by BM25's formula, and what a file may go through."""

import sqlite3
from pathlib import Path

import pytest

from handtorch import corpora
from handtorch.rag.bm25 import BM25
from handtorch.rag.keyword_store import KeywordStore

TEXTS = {f"d{i}": text for i, text in enumerate(corpora.docstrings()[::20])}


@pytest.mark.parametrize("query", ["decode bytes", "path", "integer integer value", "no such word"])
def test_scores_are_robertsons_with_k1_1_2(query: str) -> None:
    """For terms in less than half of the documents FTS5's idf is Robertson's."""
    store = KeywordStore()
    store.add(TEXTS)
    ours = BM25(TEXTS, k1=1.2, b=0.75, variant="robertson")
    expected = {id: score * 2.2 for id, score in ours.search(query, 1000)}
    assert dict(store.search(query, 1000)) == pytest.approx(expected)


def test_a_term_of_most_documents_still_finds_them() -> None:
    store = KeywordStore()
    store.add({"1": "the cat", "2": "the dog", "3": "the the"})
    assert {id for id, _ in store.search("the")} == {"1", "2", "3"}
    assert all(score > 0 for _, score in store.search("the"))


def test_equal_scores_stand_in_the_order_of_adding() -> None:
    store = KeywordStore()
    store.add({"b": "x y", "a": "x z", "c": "x w", "d": "q q"})
    assert [id for id, _ in store.search("x")] == ["b", "a", "c"]
    store.add({"b": "x y"})
    assert [id for id, _ in store.search("x")] == ["a", "c", "b"]


def test_chinese_and_identifiers_are_found_by_their_parts() -> None:
    store = KeywordStore()
    store.add({"1": "缩放点积注意力", "2": "scaled_dot_product_attention", "3": "textwrap.wrap"})
    assert [id for id, _ in store.search("注意力机制")] == ["1"]
    assert [id for id, _ in store.search("dot product")] == ["2"]
    assert [id for id, _ in store.search("scaled_dot_product_attention")] == ["2"]
    assert [id for id, _ in store.search("textwrap.wrap")] == ["3"]


@pytest.mark.parametrize("query", ['"', "a AND", "NEAR(x", "x*", "terms:x", "-x", "^", "' OR 1=1"])
def test_operators_of_the_query_language_have_no_effect(query: str) -> None:
    store = KeywordStore()
    store.add({"1": "x y", "2": "z"})
    assert all(id == "1" for id, _ in store.search(query))
    store = KeywordStore(tokenize=str.split)
    store.add({"1": 'x" y*', "2": "z"})
    assert [id for id, _ in store.search('x"')] == ["1"]
    store.search(query)


def test_delete_and_replace_leave_nothing_behind() -> None:
    store = KeywordStore()
    store.add({"1": "old words", "2": "words"})
    store.add({"1": "new text"})
    assert len(store) == 2
    assert store.search("old") == []
    assert [id for id, _ in store.search("new")] == ["1"]
    store.delete(["1"])
    assert store.search("new") == []
    assert len(store) == 1


def test_the_file_keeps_what_was_added(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    with KeywordStore(path) as store:
        store.add({"1": "words"})
    with KeywordStore(path) as store:
        assert [id for id, _ in store.search("words")] == ["1"]
        store.add({"2": "words"})
        assert len(store) == 2


def test_a_batch_is_added_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    def fails(text: str) -> list[str]:
        if "bad" in text:
            raise OSError("the tokenizer failed")
        return text.split()

    with KeywordStore(tmp_path / "store.sqlite", fails) as store:
        store.add({"1": "words"})
        with pytest.raises(OSError, match="the tokenizer failed"):
            store.add({"1": "other", "2": "fine", "3": "bad"})
        assert len(store) == 1
        assert [id for id, _ in store.search("words")] == ["1"]
        with pytest.raises(ValueError, match="id 'x' is not in the store"):
            store.delete(["1", "x"])
        assert len(store) == 1


def test_a_corrupt_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    path.write_bytes(b"no database " * 500)
    with pytest.raises(ValueError, match="no sound SQLite database"):
        KeywordStore(path)
    assert path.read_bytes() == b"no database " * 500
    path.unlink()
    with KeywordStore(path) as store:
        store.add(TEXTS)
    damaged = bytearray(path.read_bytes())
    damaged[4096:40960] = b"\xff" * 36864
    path.write_bytes(damaged)
    with pytest.raises(ValueError, match="restore the file"):
        KeywordStore(path)
    assert path.read_bytes() == bytes(damaged)


def test_empty_store_empty_query_and_odd_documents() -> None:
    store = KeywordStore()
    assert store.search("word") == []
    store.add({})
    store.add({"empty": "", "one": "x", "big": "y " * 500_000})
    assert store.search("") == store.search(" ?! ") == []
    assert [id for id, _ in store.search("y x", 100)].count("big") == 1
    with pytest.raises(ValueError, match="k is 0"):
        store.search("x", 0)
    with pytest.raises(ValueError, match="id '1' occurs twice"):
        store.add([("1", "a"), ("1", "b")])


def test_without_fts5_the_error_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "handtorch.rag.keyword_store._SCHEMA", "CREATE VIRTUAL TABLE t USING no_such_module (a)"
    )
    with pytest.raises(RuntimeError, match="built without FTS5"):
        KeywordStore()
    assert sqlite3.sqlite_version
