"""Words and sentences: by hand for each rule, and what must hold for any text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handtorch import corpora
from handtorch.rag.documents import Chunk
from handtorch.rag.text import ids_and_texts, letter_grams, sentences, words


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", []),
        (" \n?!", []),
        ("The cat's hat", ["the", "cat", "s", "hat"]),
        ("FFN (4d) is up", ["ffn", "4d", "is", "up"]),
        (
            "scaled_dot_product_attention",
            ["scaled_dot_product_attention", "scaled", "dot", "product", "attention"],
        ),
        ("textwrap.wrap.", ["textwrap.wrap", "textwrap", "wrap"]),
        ("MultiheadAttention", ["multiheadattention", "multihead", "attention"]),
        ("HTTPServer", ["httpserver", "http", "server"]),
        ("__init__ _x", ["init", "x"]),
        ("3.14 and 1,000", ["3.14", "and", "1", "000"]),
        ("GPT-2", ["gpt", "2"]),
        ("Über café", ["über", "café"]),
        ("注意力", ["注意", "意力"]),
        ("词", ["词"]),
        ("用BM25检索。", ["用", "bm25", "检索"]),
        ("ＢＭ２５", ["bm25"]),  # full width
    ],
)
def test_words_by_hand(text: str, terms: list[str]) -> None:
    assert words(text) == terms


@settings(deadline=None, max_examples=200)
@given(st.text())
def test_words_are_lower_case_never_empty_and_hold_no_blank(text: str) -> None:
    for term in words(text):
        assert term
        assert term == term.lower()
        assert not any(character.isspace() for character in term)


def test_words_of_ten_megabytes_and_of_one_character() -> None:
    assert words("a" * 10_000_000) == ["a" * 10_000_000]
    assert len(words("B" * 5_000_000 + "力" * 5_000_000)) == 5_000_000
    assert words("a") == ["a"]


def test_letter_grams_by_hand() -> None:
    assert letter_grams("cutting a") == ["<cut", "cutt", "utti", "ttin", "ting", "ing>", "<a>"]
    assert letter_grams("注意力") == ["<注意>", "<意力>"]
    assert letter_grams("ab", 2) == ["<a", "ab", "b>"]
    assert letter_grams("") == []
    with pytest.raises(ValueError, match="n is 0"):
        letter_grams("ab", 0)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("  \n ", []),
        ("One. Two!  Three?", ["One.", "Two!", "Three?"]),
        ("See e.g. Fig. 3 of it. Next.", ["See e.g. Fig. 3 of it.", "Next."]),
        ("J. Smith et al. Found it. So.", ["J. Smith et al. Found it.", "So."]),
        ("It is 3.5 or x.y. Done", ["It is 3.5 or x.y.", "Done"]),
        ("It works... mostly. (Not here.) Yes", ["It works... mostly.", "(Not here.)", "Yes"]),
        ("A title\n\nA text", ["A title", "A text"]),
        ("one line\nof two", ["one line\nof two"]),
        ("它会扫视。为什么？“因为快！”对", ["它会扫视。", "为什么？", "“因为快！”", "对"]),
    ],
)
def test_sentences_by_hand(text: str, pieces: list[str]) -> None:
    assert [text[start:stop] for start, stop in sentences(text)] == pieces


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet="aB 1.!?\n\t。，”)e.g", max_size=60) | st.text(max_size=60))
def test_sentences_lose_nothing_but_blanks(text: str) -> None:
    end = 0
    for start, stop in sentences(text):
        assert end <= start < stop
        assert not text[end:start].strip()
        assert text[start:stop] == text[start:stop].strip()
        end = stop
    assert not text[end:].strip()


def test_sentences_of_a_long_document_take_linear_time() -> None:
    text = "\n\n".join(corpora.docstrings())
    assert len(sentences(text)) > 10_000
    assert len(sentences("a. " * 300_000)) == 1  # a lower-case letter goes on
    assert len(sentences(" " * 1_000_000 + ".")) == 1


def test_ids_and_texts_takes_what_holds_passages() -> None:
    expected = (["a", "b"], ["x", "y"])
    assert ids_and_texts({"a": "x", "b": "y"}) == expected
    assert ids_and_texts([("a", "x"), ("b", "y")]) == expected
    assert ids_and_texts([Chunk("a", "d", 0, 1, "x"), Chunk("b", "d", 1, 2, "y")]) == expected
    assert ids_and_texts([]) == ([], [])


def test_ids_and_texts_refuses_repeated_ids_and_texts_of_bytes() -> None:
    with pytest.raises(ValueError, match="id 'a' occurs twice"):
        ids_and_texts([("a", "x"), ("a", "y")])
    with pytest.raises(ValueError, match="text of 'a' is bytes"):
        ids_and_texts({"a": b"x"})  # type: ignore[dict-item]
