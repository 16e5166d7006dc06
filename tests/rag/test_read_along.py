"""The reading experiment on three small sections, followed by hand."""

from dataclasses import replace

import pytest

from handtorch.rag.bm25 import BM25
from handtorch.rag.documents import Chunk, Document, book
from handtorch.rag.ngrams import NgramModel
from handtorch.rag.read_along import long_answers, read_along, split_short_answer, with_guesses

TEXT = "# Why {0}?\n\n## Short answer\n\n{0} helps. It {1}.\n\n## Full answer\n\nMore on {0}: {1}."


def section(name, does):
    metadata = {"page": "p", "kind": "question"}
    return Document(f"p#{name}", f"Why {name}?", TEXT.format(name, does), metadata)


@pytest.fixture
def documents():
    intro = Document("p", "All of it", "# All of it", {"page": "p", "kind": "introduction"})
    return [intro, section("Oil", "cools engines"), section("Salt", "melts snow")]


def test_the_answer_is_cut_out(documents):
    short, rest = split_short_answer(documents[1])
    assert short == "Oil helps. It cools engines."
    assert short not in rest.text
    assert "More on Oil" in rest.text
    plain = replace(documents[1], text="# Why?\n\nNo such part.")
    assert split_short_answer(plain) == ("", plain)


def test_long_answers(documents):
    [answer] = long_answers(documents)
    assert answer.question == "All of it"
    assert answer.sentences == ("Oil helps.", "It cools engines.", "Salt helps.", "It melts snow.")
    assert answer.sources == ("p#Oil", "p#Oil", "p#Salt", "p#Salt")


def test_reading(documents):
    [answer] = long_answers(documents)
    rest = [split_short_answer(document)[1] for document in documents[1:]]
    chunks = {d.id: Chunk(d.id, d.id, 0, len(d.text), d.text) for d in rest}
    index = BM25(chunks.values())
    asked = []

    def search(query):
        asked.append(query)
        return [chunks[id] for id, _ in index.search(query, 1)]

    model = NgramModel(["the cat sat on the mat ."] * 3)
    never = read_along(answer, model, search, decide=lambda i, bits: False, query=None)
    assert asked == ["All of it"]
    assert [reading.searched for reading in never] == [True, False, False, False]

    def last(question, before, draft):
        return before

    always = read_along(answer, model, search, decide=lambda i, bits: True, query=last)
    assert asked[2:] == list(answer.sentences[:3])
    assert [r.found for r in always] == [False, True, False, True]

    def draft_itself(question, before, draft):
        return " ".join(token for token, _ in draft)

    ahead = read_along(answer, model, search, decide=lambda i, bits: i == 2, query=draft_itself)
    assert [r.found for r in ahead] == [False, False, True, True]
    assert [r.searched for r in ahead] == [True, False, True, False]


def test_guesses_replace_what_is_unlikely():
    model = NgramModel(["oil cools engines"] * 5)
    draft = model.probabilities("oil cools zebras")
    assert with_guesses(model, draft, 0.1) == "oil cools engines"
    assert with_guesses(model, draft, 0) == "oil cools zebras"


def test_the_book_gives_long_answers():
    english = [document for document in book() if document.metadata["language"] == "en"]
    answers = long_answers(english)
    assert len(answers) == 13
    assert min(len(answer.sentences) for answer in answers) >= 10
