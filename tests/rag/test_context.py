"""Packing, order, compression: budgets that hold, nothing lost that fits, cases by hand."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handtorch.rag.context import (
    arrange,
    compress,
    compress_chunks,
    count_words,
    map_reduce,
    pack,
    refine,
    windows,
    word_overlap,
)
from handtorch.rag.documents import Chunk

TEXT = (
    "Cats sleep all day. The engine has four valves. Dogs bark at night. "
    "Valves of the engine open twice. Birds sing. A valve needs oil."
)


def chunk(id, start, stop, document="d", words=None):
    size = words if words is not None else stop - start
    return Chunk(id, document, start, stop, "w " * size)


def test_pack_takes_the_best_that_fit_and_passes_over_the_rest():
    ranked = [chunk("a", 0, 5), chunk("b", 10, 17), chunk("c", 20, 23)]
    assert [c.id for c in pack(ranked, 8)] == ["a", "c"]
    assert [c.id for c in pack(ranked, 100)] == ["a", "b", "c"]
    assert pack(ranked, 0) == pack([], 10) == []
    assert [c.id for c in pack(ranked, 12, count=len)] == ["a"]


def test_pack_drops_what_is_there_already():
    whole, inside = chunk("whole", 0, 10), chunk("inside", 2, 6)
    half, less = chunk("half", 5, 15), chunk("less", 6, 15)
    elsewhere = chunk("elsewhere", 2, 6, document="e")
    ranked = [whole, inside, half, less, elsewhere]
    assert [c.id for c in pack(ranked, 100)] == ["whole", "less", "elsewhere"]


def test_orders():
    a, b = chunk("a", 50, 60), chunk("b", 0, 9, "e")
    c, d = chunk("c", 10, 20), chunk("d", 30, 40, "e")
    ranked = [a, b, c, d]
    ids = {
        order: "".join(x.id for x in arrange(ranked, order))
        for order in ("best first", "best last", "ends", "document")
    }
    assert ids == {"best first": "abcd", "best last": "dcba", "ends": "acdb", "document": "cabd"}
    with pytest.raises(ValueError, match="order is 'random'"):
        arrange(ranked, "random")


def test_rate_by_hand():
    """df of 2 texts: valve 2, oil 1. idf: ln(1 + 2.5/2.5) = 0.69 and ln(1 + 2.5/1.5) = 0.98."""
    rate = word_overlap(["valve oil", "valve"])
    assert rate("valve oil", "some oil") == pytest.approx(0.9808 / (0.9808 + 0.6931), abs=1e-4)
    assert rate("valve oil", "oil valve") == 1.0
    assert rate("", "x") == rate("valve", "") == 0.0


def test_compress_keeps_what_the_question_asks_for_in_its_order():
    rate = word_overlap([TEXT])
    kept = compress("engine valves", [TEXT, "Nothing here."], 11, rate)
    assert kept == ["The engine has four valves. Valves of the engine open twice."]
    assert compress("engine", [], 10, rate) == compress("engine", [TEXT], 0, rate) == []
    shares = compress("engine sing", ["An engine.", "Birds sing."], 4, rate)
    assert shares == ["An engine.", "Birds sing."]


def test_compressed_chunks_keep_their_offsets():
    document = "Some words before. " + TEXT
    whole = Chunk("d:1", "d", 19, len(document), TEXT, {"title": "t"})
    pieces = compress_chunks("engine valves oil", [whole], 20, word_overlap([TEXT]))
    assert [document[p.start : p.stop] for p in pieces] == [p.text for p in pieces]
    assert pieces[-1].text == "A valve needs oil."
    assert pieces[0].metadata == {"title": "t"}
    assert len({p.id for p in pieces}) == len(pieces)
    neighbors = compress_chunks("cats engine dogs", [whole], 100, word_overlap([TEXT]))
    assert [p.text for p in neighbors] == [TEXT]


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 40), st.integers(1, 30), st.sampled_from(["engine valve oil", "", "birds"]))
def test_budgets_hold_and_nothing_is_invented(budget, window, question):
    rate = word_overlap([TEXT])
    parts = windows(TEXT, window)
    assert " ".join(parts) == TEXT
    for result in (
        " ".join(compress(question, parts, budget, rate)),
        map_reduce(question, parts, budget, rate),
        refine(question, parts, budget, rate),
    ):
        assert count_words(result) <= budget
        assert all(s.strip() in TEXT for s in result.split(".") if s.strip())


def test_windows():
    assert windows("", 5) == []
    assert windows("One two three. Four.", 2) == ["One two three.", "Four."]
    assert windows("One. Two. Three.", 2) == ["One. Two.", "Three."]
    assert windows("句子一。句子二。", 2) == ["句子一。", "句子二。"]


def test_map_reduce_reads_all_of_a_long_document():
    filler = "Cats sleep all day. " * 2000
    needle = "The engine has four valves. "
    rate = word_overlap([filler, needle])
    for parts in ([filler, needle, filler], windows(filler + needle + filler, 500)):
        assert "four valves" in map_reduce("how many valves has the engine", parts, 10, rate)
        assert "four valves" in refine("how many valves has the engine", parts, 10, rate)


def test_bad_arguments():
    rate = word_overlap([TEXT])
    with pytest.raises(ValueError, match="budget is -1"):
        pack([], -1)
    with pytest.raises(ValueError, match="budget is -1"):
        compress("q", [], -1, rate)
    with pytest.raises(ValueError, match="budget is 0"):
        windows("text", 0)
