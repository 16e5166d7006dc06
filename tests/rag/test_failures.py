"""The failure points of a trace, on one corpus small enough to see through."""

from handtorch.rag.documents import Chunk, Document
from handtorch.rag.failures import POINTS, answers, diagnose, holds, marked_chunks
from handtorch.rag.generation import Answer
from handtorch.rag.pipeline import Trace
from handtorch.rag.questions import Evidence, Question

ON_CATS = "Cats sleep sixteen hours each day."
ON_DOGS = "Dogs bark loudly at night outside."
TEXT = ON_CATS + " " + ON_DOGS
DOCUMENTS = {
    "cat book": Document("cat book", "Cats", ON_CATS),
    "dog book": Document("dog book", "Dogs", ON_DOGS),
}
CHUNKS = {
    "cats": Chunk("cats", "cat book", 0, len(ON_CATS), ON_CATS),
    "dogs": Chunk("dogs", "dog book", 0, len(ON_DOGS), ON_DOGS),
}
CATS = Evidence("cat book", ON_CATS, 2)
DOGS = Evidence("dog book", ON_DOGS, 2)


def ask(kind: str, *evidence: Evidence) -> Question:
    return Question("q", "?", kind, "test", evidence)


def trace(retrieved: str, shown: str, answer: str, refused: bool = False) -> Trace:
    ranking = tuple((id, 1.0) for id in retrieved.split())
    passages = tuple(CHUNKS[id] for id in shown.split())
    return Trace("?", ranking, passages, Answer(answer, (), "test", refused))


def point(question: Question, *steps: str, refused: bool = False) -> str:
    found = diagnose(question, trace(*steps, refused=refused), CHUNKS, DOCUMENTS)
    assert found in POINTS
    return found


def test_the_first_step_that_lost_the_evidence_is_named() -> None:
    cats = ask("keyword", CATS)
    assert point(cats, "dogs", "dogs", "Dogs bark.") == "2 missed top ranked"
    assert point(cats, "dogs cats", "dogs", "Dogs bark.") == "3 not in context"
    assert point(cats, "cats", "cats", "Dogs bark.") == "4 not extracted"
    assert point(cats, "cats", "cats", TEXT, refused=True) == "4 not extracted"
    assert point(cats, "cats", "cats", "They sleep sixteen hours a day, cats.") == "answered"


def test_several_hops_need_two_documents_and_others_one() -> None:
    both = (CATS, DOGS)
    assert point(ask("multi_hop", *both), "cats", "cats", TEXT) == "2 missed top ranked"
    assert point(ask("keyword", *both), "cats", "cats", TEXT) == "answered"
    hops = ask("multi_hop", *both)
    assert point(hops, "cats dogs", "cats dogs", ON_CATS) == "7 incomplete"
    assert point(hops, "cats dogs", "cats dogs", TEXT) == "answered"


def test_questions_without_an_answer_should_be_refused() -> None:
    nothing = ask("unanswerable")
    assert point(nothing, "cats", "cats", "Cats sleep.") == "1 missing content"
    assert point(nothing, "cats", "cats", "", refused=True) == "refused rightly"


def test_what_a_context_holds_and_a_text_answers() -> None:
    hops = ask("multi_hop", CATS, DOGS)
    assert holds(hops, CHUNKS.values(), DOCUMENTS)
    assert not holds(hops, [CHUNKS["cats"]], DOCUMENTS)
    assert not holds(ask("unanswerable"), CHUNKS.values(), DOCUMENTS)
    assert answers(hops, TEXT)
    assert not answers(hops, ON_CATS)
    assert not answers(ask("unanswerable"), TEXT)
    helping = Evidence("dog book", ON_DOGS, 1)
    assert marked_chunks(ask("keyword", CATS, helping), CHUNKS.values(), DOCUMENTS) == [
        CHUNKS["cats"]
    ]
