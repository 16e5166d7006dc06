"""Outcomes of questions: worked by hand on a document of one line."""

import pytest

from handtorch.rag.documents import Chunk, Document
from handtorch.rag.generation import Answer, Citation, ExtractiveAnswerer
from handtorch.rag.outcomes import ask_all, evidence_shown, oracle, outcome, shares
from handtorch.rag.pipeline import RagPipeline
from handtorch.rag.questions import Evidence, Question

TEXT = "Filler first. The scale is one over eight. Heads are 64 wide. Filler last."
DOCUMENTS = {"d": Document("d", "D", TEXT, {}), "e": Document("e", "E", TEXT, {})}
QUOTE = "The scale is one over eight."  # characters 14 to 42
QUESTION = Question("q", "What is the scale?", "keyword", "dev", (Evidence("d", QUOTE, 2),))
WHOLE = Chunk("d/0", "d", 0, len(TEXT), TEXT)
SECOND = Chunk("d/1", "d", 14, len(TEXT), TEXT[14:])


def answer(*citations: Citation) -> Answer:
    return Answer("...", citations, "test")


@pytest.mark.parametrize(
    ("quote", "expected"),
    [
        (QUOTE, "right"),
        ("scale", "right"),  # lies within the evidence
        ("Filler first. The scale is one over", "right"),  # 21 of 28 characters
        ("over eight. Heads are 64 wide.", "wrong"),  # 11 of 28
        ("Heads are 64 wide.", "wrong"),
    ],
)
def test_a_quote_is_right_if_it_overlaps_the_evidence(quote: str, expected: str) -> None:
    for chunk in (WHOLE, SECOND):
        if quote in chunk.text:
            assert outcome(QUESTION, answer(Citation(1, chunk.id, quote)), [chunk], DOCUMENTS) == (
                expected
            )


def test_a_citation_without_a_quote_stands_for_its_chunk() -> None:
    assert outcome(QUESTION, answer(Citation(1, "d/1")), [SECOND], DOCUMENTS) == "right"
    last = Chunk("d/2", "d", 43, len(TEXT), TEXT[43:])
    assert outcome(QUESTION, answer(Citation(1, "d/2")), [last], DOCUMENTS) == "wrong"


def test_the_same_words_in_another_document_are_not_the_evidence() -> None:
    other = Chunk("e/0", "e", 0, len(TEXT), TEXT)
    assert outcome(QUESTION, answer(Citation(1, "e/0", QUOTE)), [other], DOCUMENTS) == "wrong"


def test_one_right_citation_is_enough_and_none_is_wrong() -> None:
    citations = Citation(1, "d/0", "Heads are 64 wide."), Citation(1, "d/0", QUOTE)
    assert outcome(QUESTION, answer(*citations), [WHOLE], DOCUMENTS) == "right"
    assert outcome(QUESTION, answer(), [WHOLE], DOCUMENTS) == "wrong"


def test_refusals() -> None:
    refusal = Answer("no", (), "test", refused=True)
    assert outcome(QUESTION, refusal, [], DOCUMENTS) == "refused"
    unanswerable = Question("u", "Who?", "unanswerable", "dev", ())
    assert outcome(unanswerable, refusal, [], DOCUMENTS) == "refused"
    assert outcome(unanswerable, answer(Citation(1, "d/0")), [WHOLE], DOCUMENTS) == "wrong"


def test_shares() -> None:
    assert shares(["right", "right", "refused", "wrong"]) == {
        "right": 0.5,
        "wrong": 0.25,
        "refused": 0.25,
    }
    with pytest.raises(ValueError, match="outcomes is empty"):
        shares([])


class TestCeilings:
    """On a real document of the corpus: the docstring of textwrap.dedent, whole and as a stub."""

    EVIDENCE = Evidence("textwrap.dedent", "Remove any common leading whitespace", 2)
    ASKED = (
        Question("q", "How to remove common leading whitespace?", "keyword", "dev", (EVIDENCE,)),
        Question("u", "Who won the cup?", "unanswerable", "dev", ()),
    )

    @staticmethod
    def chunks() -> list[Chunk]:
        from handtorch.rag.documents import standard_library

        [text] = [d.text for d in standard_library() if d.id == "textwrap.dedent"]
        other = "Leading whitespace is common in code."
        return [
            Chunk("other", "other", 0, len(other), other),
            Chunk("dedent", "textwrap.dedent", 0, len(text), text),
        ]

    @staticmethod
    def nothing_but_the_other(query: str, k: int) -> list[tuple[str, float]]:
        return [("other", 1.0)][:k]

    def test_a_bad_retriever_shows_no_evidence_and_the_oracle_does(self) -> None:
        chunks, answerable = self.chunks(), self.ASKED[:1]
        bad = RagPipeline(chunks, self.nothing_but_the_other, ExtractiveAnswerer(), k=1)
        assert evidence_shown(bad, answerable) == 0
        search = oracle(answerable, chunks, self.nothing_but_the_other)
        assert search(answerable[0].text, 5) == [("dedent", 1.0), ("other", 0.5)]
        good = RagPipeline(chunks, search, ExtractiveAnswerer(limit=1), k=1)
        assert evidence_shown(good, answerable) == 1
        assert ask_all(good, answerable) == ["right"]

    def test_outcomes_stand_in_the_order_of_the_questions(self) -> None:
        pipeline = RagPipeline(
            self.chunks(), self.nothing_but_the_other, ExtractiveAnswerer(threshold=0.5)
        )
        assert ask_all(pipeline, self.ASKED) == ["wrong", "refused"]

    def test_no_questions(self) -> None:
        pipeline = RagPipeline([], self.nothing_but_the_other, ExtractiveAnswerer())
        with pytest.raises(ValueError, match="questions is empty"):
            evidence_shown(pipeline, [])
