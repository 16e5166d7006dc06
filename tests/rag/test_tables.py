"""Tables found by hand, beside those that pdfplumber finds in the same file."""

import io
import random

import pdfplumber
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handtorch.rag.pdf_samples import Sheet, grid, to_pdf
from handtorch.rag.pdf_text import Page, Rule, Word, read_pages
from handtorch.rag.tables import aligned_tables, row_sentences, ruled_tables, to_markdown

ROWS = [["Model", "Size", "Score"], ["BM25", "none", "0.61"], ["two towers", "64", "0.44"]]


def rule_all(sheet: Sheet, edges: list[float], top: float, rows: int) -> None:
    for i in range(rows + 1):
        sheet.rule(edges[0], top + 18 * i, edges[-1], top + 18 * i)
    for x in edges:
        sheet.rule(x, top, x, top + 18 * rows)


def theirs(data: bytes) -> list[list[list[str | None]]]:
    """pdfplumber's, with our rule for spaces."""
    with pdfplumber.open(io.BytesIO(data)) as pdf:
        return pdf.pages[0].extract_tables({"text_x_tolerance_ratio": 0.15})


def ours(data: bytes) -> list[list[list[str | None]]]:
    return [table.rows for table in ruled_tables(read_pages(data)[0])]


def test_two_ruled_tables():
    sheet = Sheet()
    for top in (40, 200):
        rule_all(sheet, grid(sheet, 40, top, [80, 60, 60], ROWS), top, 3)
    data = to_pdf([sheet])
    assert ours(data) == [ROWS, ROWS] == theirs(data)
    box = ruled_tables(read_pages(data)[0])[0].box
    assert (box.x0, box.top, box.x1, box.bottom) == pytest.approx((40, 40, 240, 94))


def test_spanning_cells():
    """A head over two columns and a first column of two rows: None where another cell spans."""
    sheet = Sheet()
    rows = [["Model", "Scores", ""], ["", "dev", "test"], ["BM25", "0.6", "0.5"]]
    x = grid(sheet, 40, 40, [80, 60, 60], rows)
    for line in [(x[0], 40, x[3], 40), (x[1], 58, x[3], 58), (x[0], 76, x[3], 76)]:
        sheet.rule(*line)
    for line in [(x[0], 94, x[3], 94), (x[0], 40, x[0], 94), (x[1], 40, x[1], 94)]:
        sheet.rule(*line)
    for line in [(x[2], 58, x[2], 94), (x[3], 40, x[3], 94)]:
        sheet.rule(*line)
    data = to_pdf([sheet])
    assert ours(data) == [
        [["Model", "Scores", None], [None, "dev", "test"], ["BM25", "0.6", "0.5"]]
    ]
    assert ours(data) == theirs(data)
    [table] = ruled_tables(read_pages(data)[0])
    assert table.filled[:2] == [["Model", "Scores", "Scores"], ["Model", "dev", "test"]]
    assert row_sentences(table.filled, heads=2) == [
        "Model: BM25; Scores, dev: 0.6; Scores, test: 0.5"
    ]


def test_rules_drawn_as_thin_boxes_and_lines_in_cells():
    sheet = Sheet()
    x = grid(sheet, 40, 40, [80, 60], [["two\nlines", "a"], ["", "b"]])
    for i in range(3):
        sheet.box(x[0], 40 + 18 * i, x[2], 40.8 + 18 * i, "black")
    for edge in x:
        sheet.box(edge, 40, edge + 0.8, 76.8, "black")
    data = to_pdf([sheet])
    assert ours(data) == [[["two\nlines", "a"], ["", "b"]]] == theirs(data)


def test_a_single_frame_is_no_table():
    sheet = Sheet()
    rule_all(sheet, grid(sheet, 40, 40, [80], [["framed"]]), 40, 1)
    data = to_pdf([sheet])
    assert ours(data) == [] == theirs(data)


def test_a_table_of_rules_that_leave_a_side_open():
    """Booktabs: horizontal rules only. Both find nothing by lines."""
    sheet = Sheet()
    x = grid(sheet, 40, 40, [80, 60, 60], ROWS)
    for top in (40, 58, 94):
        sheet.rule(x[0], top, x[-1], top)
    data = to_pdf([sheet])
    assert ours(data) == [] == theirs(data)
    [table] = aligned_tables(read_pages(data)[0])
    assert table.rows == ROWS


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 10**6))
def test_random_tables_equal_pdfplumbers(rows, columns, seed):
    """Random widths, empty cells, and one random rectangle of cells merged into one."""
    chance = random.Random(seed)
    sheet = Sheet()
    cells = [[chance.choice(["", "a", "b c", "12"]) for _ in range(columns)] for _ in range(rows)]
    i0, i1 = sorted(chance.randint(0, rows) for _ in range(2))
    j0, j1 = sorted(chance.randint(0, columns) for _ in range(2))
    if j1 == j0 + 1 or i1 == i0 + 1 or chance.random() < 0.3:
        i0 = i1  # nothing merged
    x = grid(sheet, 30, 30, [chance.randint(30, 90) for _ in range(columns)], cells)
    for i in range(rows + 1):
        for j in range(columns):
            if not (i0 < i < i1 and j0 <= j < j1):
                sheet.rule(x[j], 30 + 18 * i, x[j + 1], 30 + 18 * i)
    for i in range(rows):
        for j in range(columns + 1):
            if not (i0 <= i < i1 and j0 < j < j1):
                sheet.rule(x[j], 30 + 18 * i, x[j], 48 + 18 * i)
    data = to_pdf([sheet])
    assert ours(data) == theirs(data)


def test_aligned_table_by_hand():
    def word(text: str, x0: float, top: float, x1: float) -> Word:
        return Word(text, x0, top, x1, top + 10)

    words = (
        word("A sentence over the table.", 0, 0, 180),
        word("Name", 0, 40, 30), word("Year", 80, 40, 100),
        word("Okapi", 0, 55, 30), word("BM25", 33, 55, 60), word("1994", 80, 55, 100),
        word("DPR", 0, 70, 20), word("2020", 80, 70, 100),
    )  # fmt: skip
    [table] = aligned_tables(Page(1, 200, 200, words))
    assert table.rows == [["Name", "Year"], ["Okapi BM25", "1994"], ["DPR", "2020"]]


def test_no_words_no_rules():
    assert ruled_tables(Page(1, 100, 100, ())) == []
    assert aligned_tables(Page(1, 100, 100, ())) == []
    assert ruled_tables(Page(1, 100, 100, (), (Rule(0, 0, 50, 0), Rule(0, 0, 0, 50)))) == []


def test_markdown():
    assert to_markdown([["a", "b|c"], [None, "d\ne"]]) == "| a | b\\|c |\n| --- | --- |\n|  | d e |"
    assert to_markdown([]) == ""


@pytest.mark.parametrize(
    "call",
    [
        lambda p: ruled_tables(p, tolerance=-1),
        lambda p: aligned_tables(p, gap=0),
        lambda p: row_sentences([["a"]], heads=2),
    ],
)
def test_bad_arguments(call):
    with pytest.raises(
        ValueError, match=r"must (not be negative|be positive|be between 1 and the 1 rows), got"
    ):
        call(Page(1, 100, 100, ()))
