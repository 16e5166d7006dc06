import gzip
import json
from pathlib import Path

import pytest

from handtorch import corpora
from handtorch.rag import snapshot
from handtorch.rag.documents import Chunk, Document, book, by_id, corpus, standard_library

ROOT = Path(__file__).parents[2]
DATA = ROOT / "src" / "handtorch" / "data" / "book.jsonl.gz"


def test_the_book_has_every_question_of_three_chapters():
    documents = by_id(book())
    kinds = [(d.metadata["language"], d.metadata["kind"]) for d in documents.values()]
    assert kinds.count(("en", "question")) == 92
    assert kinds.count(("en", "introduction")) == 16
    assert kinds.count(("zh", "question")) == 26
    question = documents["attention/self_attention#why-softmax"]
    assert question.metadata["chapter"] == "attention"
    assert question.metadata["page"] == "self_attention"
    headings = [line for line in question.text.splitlines() if line.startswith("## ")]
    assert headings == [
        "## Short answer",
        "## Full answer",
        "## Follow-ups",
        "## Common wrong answers",
    ]


def test_text_begins_with_the_title():
    for document in corpus():
        assert document.text.startswith(f"# {document.title}\n")
        assert document.title.strip() == document.title
        assert "\n" not in document.title


@pytest.mark.parametrize("leftover", ["{cite", ":::", "](#", "](../", ")=\n", "**"])
def test_no_markup_is_left_in_prose(leftover):
    for document in book():
        prose = document.text.split("```")[::2]  # code stands between fences
        assert not any(leftover in part for part in prose), document.id


def test_links_lead_to_documents():
    documents = by_id(book())
    links = [link for d in documents.values() for link in d.metadata["links"].split()]
    assert len(links) > 100
    assert set(links) <= documents.keys()
    chinese = documents["zh/tokenizer/vocabulary_and_languages#vocabulary-size"]
    assert chinese.metadata["links"] == "tokenizer/vocabulary_and_languages#vocabulary-size"


def test_chinese_documents_are_chinese():
    for document in book():
        if document.metadata["language"] == "zh":
            han = sum("\u4e00" <= c <= "\u9fff" for c in document.text)
            assert han > 0.3 * len(document.text), document.id


@pytest.mark.filterwarnings("error::handtorch.corpora.CorpusDrift")
def test_the_standard_library_by_qualified_names():
    documents = by_id(standard_library())
    assert len(documents) == 4367
    text = documents["textwrap.dedent"].text
    assert text.startswith("# textwrap.dedent\n\nRemove any common leading whitespace")
    assert documents["json.decoder.JSONDecodeError"].metadata["page"] == "json"
    # Python 3.13 rewords this one; its old text stands at a second place there.
    assert "queue.Queue.get" in documents


def test_entries_are_the_docstrings_in_their_order():
    assert [text for _, text in corpora.docstring_entries()] == corpora.docstrings()


def test_two_documents_of_one_id_are_refused():
    one = Document("a", "A", "text")
    with pytest.raises(ValueError, match="'a'"):
        by_id([one, Document("b", "B", "text"), Document("a", "C", "other")])
    assert hash(one) == hash(Document("a", "A", "text", {"language": "en"}))
    assert Chunk("a#0", "a", 0, 4, "text").metadata == {}


def test_readable():
    source = (
        "See {cite:t}`gage1994`, *as [BPE](#x)* {cite:p}`wu2016,jieba`; $a * b$, `*args`.\n\n"
        ":::{admonition} Short answer\n:class: short-answer\n\nYes.\n:::\n\n"
        "```python\nx = a*b*c  # :::\n```\n\n:::{dropdown} Follow-ups\n**Why?** So.\n:::"
    )
    assert snapshot.readable(source) == (
        "See Gage (1994), as BPE (Wu 2016; jieba); $a * b$, `*args`.\n\n"
        "## Short answer\n\nYes.\n\n## Full answer\n\n"
        "```python\nx = a*b*c  # :::\n```\n\n## Follow-ups\n\nWhy? So."
    )


def test_writing_is_deterministic(tmp_path):
    documents = book()
    for name in ("one", "two"):
        snapshot.write(documents, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    lines = gzip.decompress((tmp_path / "one").read_bytes()).decode().splitlines()
    assert [Document(**json.loads(line)) for line in lines] == documents


def test_the_committed_snapshot_can_be_made_again():
    """Not that it is up to date: it stays as it is until its numbers are to change."""
    pages, translations = ROOT / "book", ROOT / "locale" / "zh_CN" / "LC_MESSAGES" / "book"
    fresh = by_id(snapshot.snapshot(pages, translations))
    known = by_id(book())
    assert fresh.keys() >= known.keys()
    same = sum(fresh[id].text == document.text for id, document in known.items())
    assert same > 0.5 * len(known)
