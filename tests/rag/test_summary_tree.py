"""The tree's shape, what its nodes show, and its search, by hand on five small passages."""

import pytest

from handtorch.rag.documents import Chunk
from handtorch.rag.summary_tree import SummaryTree, by_similarity, in_order

FRUIT = [
    "Apples are sweet fruit. Apples grow on large trees.",
    "Pears are sweet fruit too. Pears grow on trees as well.",
    "Sweet fruit grows on trees. Nobody knows the number of stars.",
]
CARS = ["An engine needs oil. Old engines burn oil.", "The engine of a car drives its wheels."]


def chunks(texts):
    return [Chunk(f"c{i}", "d", 0, len(text), text) for i, text in enumerate(texts)]


def test_groups():
    assert in_order(2)(["a", "b", "c"]) == [[0, 1], [2]]
    assert by_similarity(FRUIT + CARS) == [[0, 1, 2], [3, 4]]
    assert by_similarity(["a b", "c d"]) == [[0, 1]]


def test_tree():
    tree = SummaryTree(chunks(FRUIT + CARS), budget=12)
    assert [len(level) for level in tree.levels] == [5, 2, 1]
    assert tree.root.leaves == ("c0", "c1", "c2", "c3", "c4")
    assert [node.leaves for node in tree.levels[1]] == [("c0", "c1", "c2"), ("c3", "c4")]
    for node in tree.nodes.values():
        below = tuple(leaf for child in node.children for leaf in tree.nodes[child].leaves)
        assert node.leaves == (below or (node.id,))
        for piece in node.shown:
            chunk = next(c for c in chunks(FRUIT + CARS) if piece.id.startswith(c.id))
            assert chunk.text[piece.start : piece.stop] == piece.text
        assert node.text == " ".join(piece.text for piece in node.shown)
    assert tree.search("which engine burns oil", 1)[0][0] == "c3"
    assert all(id.startswith("summary") for id, _ in tree.search("fruit engine", 9, levels=[1, 2]))
    assert len(SummaryTree(chunks(["One single passage."])).nodes) == 1
    ordered = SummaryTree(chunks(["Some words are here."] * 9), group=in_order(3))
    assert [len(level) for level in ordered.levels] == [9, 3, 1]


def test_tree_that_follows_the_headings():
    """Two chapters of two and one sections; the root joins the chapters."""
    places = ["ch1 a", "ch1 a", "ch1 b", "ch2 c", "ch2 c"]
    pieces = [Chunk(f"c{i}", place, 0, len(t), t) for i, (place, t) in
              enumerate(zip(places, FRUIT + CARS))]  # fmt: skip
    tree = SummaryTree(pieces, outline=lambda c: c.document.split(), budget=20)
    assert [[node.leaves for node in level] for level in tree.levels[1:]] == [
        [("c0", "c1"), ("c2",), ("c3", "c4")],
        [("c0", "c1", "c2"), ("c3", "c4")],
        [("c0", "c1", "c2", "c3", "c4")],
    ]
    with pytest.raises(ValueError, match="outline"):
        SummaryTree(pieces, outline=lambda c: c.id[: int(c.id[1])])


def test_bad_arguments():
    with pytest.raises(ValueError, match="chunks is empty"):
        SummaryTree([])
    with pytest.raises(ValueError, match="not fewer"):
        SummaryTree(chunks(FRUIT), group=lambda texts: [[i] for i in range(len(texts))])
    with pytest.raises(ValueError, match="size is 1"):
        in_order(1)
