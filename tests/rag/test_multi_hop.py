"""Second queries and merging, by hand."""

import pytest

from handtorch.rag.bm25 import BM25
from handtorch.rag.context import word_weights
from handtorch.rag.multi_hop import (
    bridge_query,
    decompose,
    decomposed_search,
    residual_query,
    two_step_search,
)

TEXTS = {
    "film": "The film Northwind was directed by Ada Berg.",
    "berg": "Ada Berg was born in Tromsø.",
    "town": "Tromsø lies on an island.",
    "film2": "Another film was directed in Rome.",
    "other": "Rome is a town where the director of many a film was born.",
}


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("What is BPE?", ["What is BPE?"]),
        (
            "What is BPE, and how does WordPiece differ?",
            ["What is BPE", "how does WordPiece differ?"],
        ),
        (
            "Which loss is used; why is training short?",
            ["Which loss is used", "why is training short?"],
        ),
        ("How do cats and dogs sleep?", ["How do cats and dogs sleep?"]),
        ("What is attention, and why?", ["What is attention why?"]),
        ("注意力是什么？它怎样计算？", ["注意力是什么？", "它怎样计算？"]),
        ("", [""]),
    ],
)
def test_decompose(question, parts):
    assert decompose(question) == parts


def test_second_queries():
    question = "where was the director of the film Northwind born"
    assert residual_query(question, TEXTS["film"]) == "director born"
    bridge = bridge_query(question, TEXTS["film"], word_weights(list(TEXTS.values())), terms=2)
    assert bridge.startswith(question)
    assert set(bridge.split()[-2:]) <= {"directed", "ada", "berg"}


def test_two_steps_reach_what_one_does_not():
    index = BM25(TEXTS)
    rate = word_weights(list(TEXTS.values()))
    question = "in which town was she born who directed the film Northwind"

    def bridge(q, passage):
        return bridge_query(q, passage, rate, 3)

    one = [id for id, _ in index.search(question, 3)]
    two = [id for id, _ in two_step_search(index.search, bridge, TEXTS, question, 3, keep=1)]
    assert one[0] == two[0] == "film"
    assert two.index("berg") < (one.index("berg") if "berg" in one else 9)


def test_the_head_stays_and_nothing_is_twice():
    index = BM25(TEXTS)
    first = index.search("town film", 5)
    found = two_step_search(index.search, residual_query, TEXTS, "town film", 5, keep=2)
    assert [id for id, _ in found[:2]] == [id for id, _ in first[:2]]
    assert len({id for id, _ in found}) == len(found)
    assert [s for _, s in found] == sorted((s for _, s in found), reverse=True)
    unchanged = two_step_search(index.search, lambda q, p: "", TEXTS, "town film", 5)
    assert [id for id, _ in unchanged] == [id for id, _ in first]
    assert two_step_search(index.search, residual_query, TEXTS, "zzz", 5) == []


def test_decomposed_search():
    index = BM25(TEXTS)
    found = decomposed_search(index.search, "who directed Northwind, and where does Tromsø lie", 3)
    assert {"film", "town"} <= {id for id, _ in found}


def test_bad_arguments():
    with pytest.raises(ValueError, match="follow is 0"):
        two_step_search(BM25(TEXTS).search, residual_query, TEXTS, "q", 3, follow=0)
