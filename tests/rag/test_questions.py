from collections import Counter
from dataclasses import replace

import pytest

from handtorch.rag.documents import Chunk, Document, by_id, corpus
from handtorch.rag.questions import KINDS, Evidence, Question, questions, relevant_chunks

CORPUS = by_id(corpus())


def cut(document: Document, size: int, step: int) -> list[Chunk]:
    starts = range(0, max(len(document.text) - size, 0) + step, step)
    pieces = [(start, min(start + size, len(document.text))) for start in starts]
    return [
        Chunk(f"{document.id}@{a}", document.id, a, b, document.text[a:b])
        for a, b in pieces
        if a < b
    ]


def test_every_quote_stands_once_in_its_document():
    for question in questions():
        for evidence in question.evidence:
            text = CORPUS[evidence.document].text
            assert text.count(evidence.quote) == 1, (question.id, evidence)
            least = 30 if evidence.document.startswith("zh/") else 60
            assert least <= len(evidence.quote) <= 300, (question.id, evidence.quote)
            assert evidence.grade in (1, 2)


def test_numbers_of_questions():
    found = questions()
    assert len(found) == len({q.id for q in found}) == len({q.text for q in found}) == 80
    assert Counter(q.kind for q in found) == {
        "keyword": 20,
        "paraphrase": 22,
        "multi_hop": 12,
        "chinese": 14,
        "unanswerable": 12,
    }
    for kind in KINDS:
        dev, test = questions("dev", [kind]), questions("test", [kind])
        assert len(dev) == len(test) == len(questions(kinds=[kind])) / 2
    on_library = [q for q in found if any("/" not in e.document for e in q.evidence)]
    answerable = [q for q in found if q.evidence]
    assert 0.35 < len(on_library) / len(answerable) < 0.65


def test_kinds_are_what_they_say():
    for question in questions():
        assert (question.kind == "unanswerable") == (not question.evidence)
        answers = {e.document for e in question.evidence if e.grade == 2}
        assert answers or not question.evidence
        if question.kind == "multi_hop":
            assert len(answers) > 1
        chinese = any("\u4e00" <= c <= "\u9fff" for c in question.text)
        if question.kind != "unanswerable":
            assert chinese == (question.kind == "chinese")
        if not chinese:
            assert not any(d.startswith("zh/") for d in answers)


def test_unknown_splits_and_kinds():
    with pytest.raises(ValueError, match="'train'"):
        questions("train")
    with pytest.raises(ValueError, match="'hard'"):
        questions(kinds=["keyword", "hard"])


@pytest.mark.parametrize(("size", "step"), [(300, 300), (700, 700), (700, 350), (100_000, 100_000)])
def test_each_question_has_relevant_chunks_however_the_text_is_cut(size, step):
    for question in questions():
        documents = {e.document for e in question.evidence}
        chunks = [c for id in sorted(documents) for c in cut(CORPUS[id], size, step)]
        relevant = relevant_chunks(question, chunks)
        assert bool(relevant) == bool(question.evidence), question.id
        assert {c.split("@")[0] for c in relevant} == documents, question.id
        if step == 100_000:  # whole documents
            best = {
                d: max(e.grade for e in question.evidence if e.document == d) for d in documents
            }
            assert {c.split("@")[0]: grade for c, grade in relevant.items()} == best


def test_half_of_the_quote_is_enough_and_less_is_not():
    text = " ".join(map(str, range(100)))
    document, quote = Document("d", "D", text), text[20:40]
    question = Question("q", "?", "keyword", "dev", (Evidence("d", quote, 2),))
    for start, stop, relevant in [(0, 30, 1), (0, 29, 0), (30, 99, 1), (31, 99, 0), (25, 35, 1)]:
        chunk = Chunk("c", "d", start, stop, text[start:stop])
        found = relevant_chunks(question, [chunk], {"d": document})
        assert found == ({"c": 2} if relevant else {})
        other = replace(chunk, document="e")
        assert relevant_chunks(question, [other], {"d": document}) == {}


def test_the_highest_grade_counts():
    document = Document("d", "D", "one two three four")
    question = Question(
        "q", "?", "keyword", "dev", (Evidence("d", "one two", 1), Evidence("d", "four", 2))
    )
    chunks = [Chunk("a", "d", 0, 8, "one two "), Chunk("b", "d", 0, 18, document.text)]
    assert relevant_chunks(question, chunks, {"d": document}) == {"a": 1, "b": 2}


def test_a_quote_that_is_nowhere():
    question = Question("q", "?", "keyword", "dev", (Evidence("d", "five", 2),))
    with pytest.raises(ValueError, match="'d' does not contain 'five'"):
        relevant_chunks(question, [], {"d": Document("d", "D", "four")})
    with pytest.raises(ValueError, match="'d' does not contain 'five'"):
        relevant_chunks(question, [], {})
