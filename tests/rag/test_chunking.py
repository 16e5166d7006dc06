"""Chunks: nothing of a document is lost, offsets point where they say, sizes are kept."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handtorch.rag.chunking import (
    fixed_chunks,
    gap_similarities,
    parent_child_chunks,
    parents_of,
    semantic_chunks,
    sliding_chunks,
    structural_chunks,
    widen,
    with_context,
)
from handtorch.rag.documents import Chunk, Document

TEXTS = st.text(st.sampled_from("ab .\n#=-`。，注é\U0001f600\u3000"), max_size=200) | st.text(
    max_size=80
)
MARKDOWN = """Before any heading.

# Attention

First paragraph.

```python
# not a heading

x = 1
```

## Masks

Second paragraph. It has two sentences.

Underlined
----------
Third.
"""


def document(text: str) -> Document:
    return Document(id="doc", title="Title", text=text, metadata={"language": "en"})


def encode(texts):
    """Letters' counts: enough of a sentence encoder to have a topic."""
    return np.array([[text.count(letter) for letter in "ab注"] for text in texts], dtype=float)


def spans(chunks: list[Chunk]) -> list[tuple[int, int]]:
    return [(chunk.start, chunk.stop) for chunk in chunks]


def assert_partition(chunks: list[Chunk], text: str) -> None:
    assert "".join(chunk.text for chunk in chunks) == text
    assert_exact(chunks, text)


def assert_exact(chunks: list[Chunk], text: str) -> None:
    assert len({chunk.id for chunk in chunks}) == len(chunks)
    for chunk in chunks:
        assert chunk.text == text[chunk.start : chunk.stop] != ""
        assert chunk.document == "doc"
        assert chunk.id == f"doc#{chunk.start}-{chunk.stop}"


def test_fixed_by_hand():
    assert spans(fixed_chunks(document("abcdefgh"), 3)) == [(0, 3), (3, 6), (6, 8)]
    assert spans(fixed_chunks(document("abcdef"), 3)) == [(0, 3), (3, 6)]
    assert fixed_chunks(document("abcdef"), 4)[0].id == "doc#0-4"


def test_sliding_by_hand():
    """Size 4, overlap 2: the window at 4 ends with the text, so none starts at 6."""
    assert spans(sliding_chunks(document("abcdefgh"), 4, 2)) == [(0, 4), (2, 6), (4, 8)]
    assert spans(sliding_chunks(document("abcdefghi"), 4, 2)) == [(0, 4), (2, 6), (4, 8), (6, 9)]
    assert spans(sliding_chunks(document("ab"), 4, 3)) == [(0, 2)]


@settings(deadline=None, max_examples=100)
@given(TEXTS, st.integers(1, 30), st.integers(0, 29))
def test_windows_cover_the_text(text, size, overlap):
    overlap = min(overlap, size - 1)
    chunks = sliding_chunks(document(text), size, overlap)
    assert_exact(chunks, text)
    for before, after in zip(chunks, chunks[1:]):
        assert before.stop - after.start == overlap
        assert len(before.text) == size
        assert after.stop > before.stop  # a window that adds nothing would only crowd the results
    if text:
        assert (chunks[0].start, chunks[-1].stop) == (0, len(text))
    if overlap == 0:
        assert_partition(chunks, text)


@settings(deadline=None, max_examples=100)
@given(TEXTS, st.integers(1, 40))
def test_structural_covers_the_text(text, maximum):
    chunks = structural_chunks(document(text), maximum)
    assert_partition(chunks, text)
    assert all(len(chunk.text) <= maximum for chunk in chunks)


@settings(deadline=None, max_examples=100)
@given(TEXTS, st.integers(1, 40), st.floats(0, 1), st.integers(1, 3))
def test_semantic_covers_the_text(text, maximum, quantile, window):
    chunks = semantic_chunks(document(text), encode, maximum, quantile, window)
    assert_partition(chunks, text)
    assert all(len(chunk.text) <= maximum for chunk in chunks)


@settings(deadline=None, max_examples=100)
@given(TEXTS, st.integers(2, 60), st.integers(1, 59))
def test_children_cover_their_parents(text, parent_maximum, child_maximum):
    child_maximum = min(child_maximum, parent_maximum - 1)
    parents, children = parent_child_chunks(document(text), parent_maximum, child_maximum)
    assert_partition(parents, text)
    assert_partition(children, text)
    for parent in parents:
        own = [chunk for chunk in children if chunk.metadata["parent"] == parent.id]
        assert "".join(chunk.text for chunk in own) == parent.text
        assert all(len(chunk.text) <= child_maximum for chunk in own)


def test_structure_is_followed():
    chunks = structural_chunks(document(MARKDOWN), 1000)
    assert [chunk.metadata.get("heading") for chunk in chunks] == [
        None,
        "Attention",
        "Attention > Masks",
        "Attention > Underlined",
    ]
    assert chunks[1].text.startswith("# Attention")
    assert "# not a heading\n\nx = 1" in chunks[1].text
    assert chunks[3].text.startswith("Underlined\n---")


def test_paragraphs_before_sentences_before_words():
    text = "One two. Three four.\n\nFive six seven.\n\nEight."
    cut = [chunk.text for chunk in structural_chunks(document(text), 24)]
    assert cut == ["One two. Three four.\n\n", "Five six seven.\n\nEight."]
    assert structural_chunks(document(text), 12)[0].text == "One two. "
    assert [chunk.text for chunk in structural_chunks(document("abc defghij"), 4)] == [
        "abc ",
        "defg",
        "hij",
    ]


def test_chinese_is_cut_after_its_full_stops():
    text = "检索先找片段。生成再写回答！分块太大会稀释主题。"
    chunks = structural_chunks(document(text), 8)
    assert [chunk.text for chunk in chunks][:2] == ["检索先找片段。", "生成再写回答！"]


def test_semantic_cuts_at_the_change_of_topic():
    text = "Aaa aa. Aa aaa. Aaaa a. Bbb bb. Bb b. Bbbb bbb."
    chunks = semantic_chunks(document(text), lambda texts: encode([t.lower() for t in texts]), 100)
    assert [chunk.text for chunk in chunks] == [
        "Aaa aa. Aa aaa. Aaaa a. ",
        "Bbb bb. Bb b. Bbbb bbb.",
    ]


def test_no_cut_where_all_sentences_are_alike():
    text = "Aaa. Aaa. Aaa. Aaa."
    assert len(semantic_chunks(document(text), lambda t: np.ones((len(t), 2)), 100)) == 1


def test_gap_similarities_by_hand():
    """Vectors x, x, y: cosines 1 and 0; sums over two: x·(x+y) = 1/sqrt(2), (2x)·y = 0."""
    vectors = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    assert gap_similarities(vectors) == pytest.approx([1, 0])
    assert gap_similarities(vectors, window=2) == pytest.approx([0.5**0.5, 0])
    assert gap_similarities(np.zeros((3, 2))).tolist() == [0, 0]


def test_metadata_and_context():
    chunk = structural_chunks(document("# Masks\n\nHidden keys."), 100)[0]
    assert chunk.metadata == {"language": "en", "title": "Title", "heading": "Masks"}
    assert with_context(chunk) == "Title > Masks\n# Masks\n\nHidden keys."
    assert fixed_chunks(document("Some text."), 4)[0].metadata["language"] == "en"
    assert with_context(structural_chunks(document("# Title\n\n## B\n"), 9)[1]).startswith(
        "Title > B\n## B"
    )
    assert with_context(Chunk("id", "doc", 0, 1, "a")) == "a"


def test_parents_are_ranked_by_their_best_child():
    parents, children = parent_child_chunks(document("# A\n\na b c d\n\n# B\n\ne f g h"), 20, 5)
    named = {chunk.id: chunk for chunk in children}
    last, first = children[-1].id, children[0].id
    ranking = [(last, 3.0), (first, 2.0), (children[-2].id, 1.0)]
    assert parents_of(ranking, named) == [(parents[1].id, 3.0), (parents[0].id, 2.0)]


def test_widen_stays_in_the_document():
    text = document("0123456789")
    chunk = fixed_chunks(text, 4)[1]
    assert [widen(chunk, text, n).text for n in (0, 2, 9)] == ["4567", "23456789", "0123456789"]
    wide = widen(chunk, text, 2)
    assert (wide.id, wide.start, wide.stop) == ("doc#4-8", 2, 10)
    with pytest.raises(ValueError, match="margin must not be negative, got -1"):
        widen(chunk, text, -1)
    with pytest.raises(ValueError, match="'other'"):
        widen(chunk, Document("other", "", "0123456789"), 1)


@pytest.mark.parametrize("text", ["", "a", "注", "\n"])
def test_tiny_documents(text):
    expected = [(0, 1)] if text else []
    parents, children = parent_child_chunks(document(text), 10, 5)
    for chunks in (
        fixed_chunks(document(text), 800),
        sliding_chunks(document(text), 800, 200),
        structural_chunks(document(text), 800),
        semantic_chunks(document(text), encode, 800),
        parents,
        children,
    ):
        assert spans(chunks) == expected


@pytest.mark.parametrize(
    "unit", ["word. ", "词", "`", "A line of text\n", "# One\n\n" + "Two. " * 50 + "\n\n"]
)
def test_ten_megabytes(unit):
    """No strategy may take more than linear time, whatever the text looks like."""
    text = unit * (10_000_000 // len(unit))
    for chunks in (
        sliding_chunks(document(text), 8000, 1000),
        structural_chunks(document(text), 8000),
    ):
        assert (chunks[0].start, chunks[-1].stop) == (0, len(text))
        assert sum(len(chunk.text) for chunk in chunks) >= len(text)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda d: fixed_chunks(d, 0), "size must be at least 1, got 0"),
        (lambda d: sliding_chunks(d, 4, 4), r"overlap .* less than size \(4\), got 4"),
        (lambda d: sliding_chunks(d, 4, 5), "got 5"),
        (lambda d: sliding_chunks(d, 4, -1), "got -1"),
        (lambda d: structural_chunks(d, 0), "maximum must be at least 1, got 0"),
        (lambda d: semantic_chunks(d, encode, 9, quantile=1.5), "quantile .* got 1.5"),
        (lambda d: semantic_chunks(d, encode, 9, window=0), "window must be at least 1, got 0"),
        (
            lambda d: semantic_chunks(d, lambda t: np.ones((1, 2)), 9),
            "one vector for each of the 2",
        ),
        (lambda d: semantic_chunks(d, lambda t: np.full((2, 2), np.nan), 9), "finite"),
        (lambda d: parent_child_chunks(d, 8, 8), r"child_maximum .* \(8\), got 8"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call(document("One two. Three four."))
