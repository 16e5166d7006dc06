"""Text from PDFs that we drew ourselves, so that the right reading is known."""

import io
import sys

import pdfplumber
import pytest

from handtorch.rag.pdf_samples import Sheet, pairs_kept, to_pdf, two_columns
from handtorch.rag.pdf_text import (
    Page,
    Word,
    lines,
    paragraphs,
    pdf_document,
    read_pages,
    reading_order,
    without_running_lines,
)

PARAGRAPHS = [
    "A retriever finds passages that may answer a question, and a generator reads them. "
    "Neither helps if the passage was never extracted correctly from its document. " * 3,
    "Columns are read one after the other by people, and line by line by careless programs. " * 12,
    "Identification of boundaries needs distances; punctuation alone is insufficient here. " * 20,
    "The second page repeats the header as well, which is how a program can recognize it. " * 20,
    "Finally, a short paragraph.",
]


@pytest.fixture(scope="module")
def article() -> bytes:
    return two_columns("Reading what was printed", PARAGRAPHS)


def texts(page_lines: list[list[Word]]) -> list[str]:
    return [" ".join(word.text for word in line) for line in page_lines]


def word(text: str, x0: float, top: float, width: float = 20, height: float = 10) -> Word:
    return Word(text, x0, top, x0 + width, top + height)


def test_article_is_read_exactly(article):
    expected = "Reading what was printed " + " ".join(PARAGRAPHS)
    text = pdf_document(article, "doc", "Title").text
    assert " ".join(text.split()) == " ".join(expected.split())
    assert text.split("\n\n")[-1] == "Finally, a short paragraph."
    assert text.split("\n\n")[0] == "Reading what was printed"


def test_each_repair_is_needed(article):
    """Without columns, and then without the removal of headers, order is lost."""
    with pdfplumber.open(io.BytesIO(article)) as pdf:
        raw = "\n".join(page.extract_text(x_tolerance_ratio=0.15) for page in pdf.pages)
    pages = read_pages(article)
    assert len(pages) >= 2
    assert "Working paper" in raw
    assert pairs_kept(" ".join(PARAGRAPHS), raw) < 0.9


def test_files_are_the_same_each_time(article):
    assert two_columns("Reading what was printed", PARAGRAPHS) == article
    assert b"CreationDate" not in article


def test_words_without_spaces_in_the_file():
    """At 8 points with gaps of 2.4 points an absolute tolerance of 3 points glues words."""
    sheet = Sheet()
    sheet.words(40, 40, "gaps make words", 8)
    sheet.words(40, 80, "also large ones", 20)
    [page] = read_pages(to_pdf([sheet]))
    assert texts(lines(page.words)) == ["gaps make words", "also large ones"]
    [page] = read_pages(to_pdf([sheet]), word_gap=0.5)
    assert texts(lines(page.words)) == ["gapsmakewords", "alsolargeones"]


def test_ligatures_and_rotation():
    sheet = Sheet()
    sheet.words(40, 40, "\ufb01nd di\ufb03cult")
    sheet.text(20, 100, "stamp", rotation=90)
    [page] = read_pages(to_pdf([sheet]))
    assert texts(lines(w for w in page.words if w.upright)) == ["find difficult"]
    assert [w.text for w in page.words if not w.upright] == ["pmats"]


def test_reading_order_by_hand():
    """A heading over two columns of three lines that are not level."""
    words = [word("heading", 0, 0, width=200)]
    for i in range(3):
        words += [word(f"left{i}", 0, 20 + 15 * i, width=90)]
        words += [word(f"right{i}", 110, 26 + 15 * i, width=90)]
    assert texts(reading_order(words)) == [
        "heading", "left0", "left1", "left2", "right0", "right1", "right2",
    ]  # fmt: skip


def test_three_columns_and_text_below_them():
    words = [word(f"{c}{i}", 70 * c, 15 * i, width=55) for i in range(4) for c in range(3)]
    words.append(word("below", 0, 70, width=195))
    assert texts(reading_order(words)) == [f"{c}{i}" for c in range(3) for i in range(4)] + [
        "below"
    ]


def test_a_table_is_not_taken_for_columns():
    """Its first column is narrow: rows are kept together."""
    words = [word(f"k{i}", 0, 15 * i, 20) for i in range(5)]
    words += [word(f"v{i}", 60, 15 * i, 140) for i in range(5)]
    assert texts(reading_order(words)) == [f"k{i} v{i}" for i in range(5)]
    assert reading_order([]) == []


def test_running_lines_need_repetition():
    def page(number: int, header: str) -> Page:
        words = (word(header, 10, 10), word("body", 10, 100), word(f"p{number}", 10, 190))
        return Page(number, 100, 200, words)

    kept = without_running_lines([page(1, "Same"), page(2, "Same"), page(3, "Other")])
    assert [[w.text for w in p.words] for p in kept] == [["body"], ["body"], ["Other", "body"]]
    alone = without_running_lines([page(1, "Same")])
    assert len(alone[0].words) == 3  # nothing repeats in one page


def test_paragraphs_and_hyphens():
    def line(top: float, *words: str) -> list[Word]:
        return [word(text, 30 * i, top) for i, text in enumerate(words)]

    found = paragraphs(
        [line(0, "one", "hy-"), line(12, "phen", "x-"), line(24, "Ray"), line(45, "2", "new")]
    )
    assert found == ["one hyphen x- Ray", "2 new"]
    assert paragraphs([line(0, "self-"), line(12, "attention")]) == ["selfattention"]  # its price
    assert paragraphs([]) == []


def test_scans_are_refused():
    drawn = Sheet()
    drawn.words(40, 40, "text as a picture", 12)
    scan = Sheet()
    scan.image(0, 0, scan.width, scan.height, drawn.pixels())
    pages = read_pages(to_pdf([drawn, scan]))
    assert [page.scanned for page in pages] == [False, True]
    with pytest.raises(ValueError, match=r"pages \[2\] of 'doc' are images"):
        pdf_document(to_pdf([drawn, scan]), "doc", "Title")


@pytest.mark.parametrize("data", [b"", b"not a PDF", b"%PDF-1.4\n%%EOF"])
def test_what_is_not_a_pdf(data, tmp_path):
    with pytest.raises(ValueError, match=f"{len(data)} bytes.* cannot be read as a PDF"):
        read_pages(data)
    path = tmp_path / "x.pdf"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"x\.pdf"):
        read_pages(path)


def test_a_cut_file_never_passes_in_silence(article):
    """Either an error, or no more than what the file still holds."""
    for share in (0.1, 0.5, 0.9):
        try:
            pages = read_pages(article[: int(share * len(article))])
        except ValueError:
            continue
        assert len(pages) <= len(read_pages(article))


def test_missing_file_and_missing_package(monkeypatch, tmp_path):
    with pytest.raises(FileNotFoundError):
        read_pages(tmp_path / "none.pdf")
    monkeypatch.setitem(sys.modules, "pdfplumber", None)
    with pytest.raises(ModuleNotFoundError, match="pip install pdfplumber"):
        read_pages(b"")


def test_no_sheets():
    with pytest.raises(ValueError, match="at least one sheet"):
        to_pdf([])
