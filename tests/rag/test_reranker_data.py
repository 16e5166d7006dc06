"""Training pairs and wrong passages made from the corpus."""

import pytest

from handtorch.rag.bm25 import BM25
from handtorch.rag.documents import Chunk
from handtorch.rag.reranker_data import Pair, take_out, training_groups

TEXT = "Folders are removed with a call. The whole tree goes with it. Files stay where they are."


def chunk(key: str, document: str, text: str) -> Chunk:
    return Chunk(key, document, 0, len(text), text)


def test_a_sentence_asks_for_the_rest() -> None:
    (pair,), (left,) = take_out([chunk("a", "d", TEXT)], drop=0)
    assert (pair.chunk, pair.asked) == ("a", False)
    assert pair.query in TEXT
    assert left.text == TEXT.replace(pair.query, "")
    assert (left.id, left.document, left.start, left.stop) == ("a", "d", 0, len(TEXT))


def test_words_are_dropped() -> None:
    chunks = [chunk(str(i), "d", TEXT) for i in range(200)]
    pairs, _ = take_out(chunks, drop=0.5)
    mean = sum(len(pair.query.split()) for pair in pairs) / 200
    assert 2.3 < mean < 4  # sentences have six words on average, half of which go
    assert all(pair.query for pair in pairs)
    assert pairs == take_out(chunks, drop=0.5)[0]
    assert pairs != take_out(chunks, drop=0.5, seed=1)[0]


def test_a_question_that_the_chunk_answers_is_preferred_and_kept_whole() -> None:
    text = "Merges come in order here. Do the merges overlap? No, one goes first. Is it so? Why?"
    (pair,), (left,) = take_out([chunk("a", "d", text)], drop=1)
    assert pair == Pair("Do the merges overlap?", "a", True)
    assert left.text == text.replace("Do the merges overlap?", "")
    (pair,), _ = take_out([chunk("a", "d", "合并的次数由什么决定？由词表的大小。合并会重叠吗？")])
    assert pair == Pair("合并的次数由什么决定？", "a", True)


def test_texts_of_one_sentence_stay() -> None:
    chunks = [chunk("a", "d", "One sentence of some words."), chunk("b", "d", "")]
    assert take_out(chunks) == ([], chunks)
    for name in ("drop", "keep"):
        with pytest.raises(ValueError, match=f"{name} is 2"):
            take_out([], **{name: 2.0})


def test_sentences_that_stay() -> None:
    chunks = [chunk(str(i), "d", TEXT) for i in range(200)]
    left = take_out(chunks, keep=0.25)[1]
    assert 26 < sum(one.text == TEXT for one in left) < 74  # four standard deviations around 50
    assert take_out(chunks, keep=1)[1] == chunks


def test_groups_by_hand() -> None:
    """For "tree" the search finds a (three times), b, c in this order, but not d; a1 is of the
    same document as a."""
    texts = {"a": "tree tree tree", "a1": "tree x", "b": "tree tree y y", "c": "tree z z z z z"}
    chunks = [chunk(key, key[0], text) for key, text in texts.items()] + [chunk("d", "d", "file")]
    search = BM25(chunks).search
    (group,) = training_groups([Pair("tree", "a", False)], chunks, search, wrong=2)
    assert group[0] == "tree"
    assert group[1][0] == texts["a"]
    assert sorted(group[1][1:]) == sorted([texts["b"], texts["c"]])
    (group,) = training_groups([Pair("tree", "b", False)], chunks, search, wrong=1, skip=3)
    assert group[1] == [texts["b"], texts["c"]]
    assert training_groups([Pair("tree", "d", False)], chunks, search, wrong=1) == []  # not found
    assert training_groups([Pair("tree", "a", False)], chunks, search, wrong=3) == []  # too few


def test_bad_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="skip is 5"):
        training_groups([], [], lambda query, k: [], depth=5, skip=5)
    with pytest.raises(ValueError, match="wrong is 0"):
        training_groups([], [], lambda query, k: [], wrong=0)
