"""BM25 against bm25s, against rank_bm25 where that is the published formula, and by hand.

Three traps of the oracles. rank_bm25's Okapi replaces a negative idf by a quarter of the mean idf
and keeps the factor k1 + 1, which Lucene's formula and bm25s' `robertson` leave out. rank_bm25's
BM25L multiplies by the count of the term once more. And bm25s and rank_bm25 give BM25+'s (and
bm25s BM25L's) delta to documents that lack the term as well, which takes back what delta is for:
the papers sum over the terms that query and document share. So for these two variants we compare
term by term, on the documents that contain the term.
"""

import math
from collections import Counter

import bm25s
import numpy as np
import pytest
from rank_bm25 import BM25Okapi, BM25Plus

from handtorch import corpora
from handtorch.rag.bm25 import BM25, Variant
from handtorch.rag.text import words

K1, B = 1.2, 0.6
VARIANTS: list[Variant] = ["lucene", "robertson", "atire", "bm25+", "bm25l"]
TEXTS = [" ".join(words(text)) for text in corpora.docstrings()[::15]]  # 295, a few of them empty
TEXTS[7] = ""
TOKENS = [text.split() for text in TEXTS]
QUERIES = [
    "the path of a file",
    "return the the name",  # a term repeated
    "zzz unknown decode bytes",
    "self",
    "raise an exception if the value is not an integer",
]


def index(variant: Variant, **options: float) -> BM25:
    documents = {f"d{i}": text for i, text in enumerate(TEXTS)}
    return BM25(documents, K1, B, variant, tokenize=str.split, **options)


def oracle(variant: Variant, delta: float | None = None) -> bm25s.BM25:
    model = bm25s.BM25(k1=K1, b=B, method=variant, dtype="float64", backend="numpy")
    model.delta = {"bm25+": 1.0}.get(variant, 0.5) if delta is None else delta
    model.index(TOKENS, show_progress=False)
    return model


@pytest.mark.parametrize("variant", ["lucene", "robertson", "atire"])
@pytest.mark.parametrize("query", QUERIES)
def test_scores_equal_bm25s(variant: Variant, query: str) -> None:
    # bm25s has no score for a query of unknown terms only, and counts repeated terms as we do.
    expected = oracle(variant).get_scores(query.split())
    np.testing.assert_allclose(index(variant).scores(query), expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("variant", ["bm25+", "bm25l"])
@pytest.mark.parametrize("query", QUERIES)
def test_scores_equal_bm25s_on_documents_that_contain_the_term(
    variant: Variant, query: str
) -> None:
    model, expected = oracle(variant), np.zeros(len(TEXTS))
    for term in query.split():
        contains = np.array([term in tokens for tokens in TOKENS])
        if contains.any():
            expected += np.where(contains, model.get_scores([term]), 0)
    np.testing.assert_allclose(index(variant).scores(query), expected, rtol=1e-6, atol=1e-9)


def test_okapi_equals_rank_bm25_for_terms_in_less_than_half_of_the_documents() -> None:
    query = "path file decode bytes integer"
    expected = BM25Okapi(TOKENS, k1=K1, b=B).get_scores(query.split())
    ours = index("robertson").scores(query) * (K1 + 1)
    np.testing.assert_allclose(ours, expected, rtol=1e-9)


def test_bm25_plus_equals_rank_bm25_but_for_documents_without_the_term() -> None:
    rank, ours = BM25Plus(TOKENS, k1=K1, b=B, delta=1), index("bm25+")
    for term in ("path", "integer", "the"):
        contains = np.array([term in tokens for tokens in TOKENS])
        expected = np.where(contains, rank.get_scores([term]), 0)
        np.testing.assert_allclose(ours.scores(term), expected, rtol=1e-9)


def test_lucene_by_hand() -> None:
    """Two documents of 2 and 4 words, mean length 3; "b" stands in both, twice in the second.

    idf(b) = ln(1 + 0.5 / 2.5) = ln 1.2. With k1 = 1.5, b = 0.75 the first document has
    B = 0.25 + 0.75 * 2/3 = 0.75 and the second 0.25 + 0.75 * 4/3 = 1.25, so f / (f + k1 B) is
    1 / 2.125 and 2 / 3.875.
    """
    found = BM25({"x": "a b", "y": "b b c d"}).search("b")
    assert found[0] == ("y", pytest.approx(math.log(1.2) * 2 / 3.875))
    assert found[1] == ("x", pytest.approx(math.log(1.2) / 2.125))


@pytest.mark.parametrize("variant", VARIANTS)
def test_no_idf_is_negative(variant: Variant) -> None:
    model = BM25({"1": "a b", "2": "a c", "3": "a d"}, variant=variant)
    assert min(model.idf(term) for term in "abcd") >= 0
    assert model.idf("unknown") == 0
    assert (model.scores("a b") >= 0).all()


def test_delta_lifts_long_documents_that_contain_the_term() -> None:
    texts = {"long": "rare " + "filler " * 5_000} | {str(i): "few words" for i in range(999)}
    plain, plus = BM25(texts, variant="atire", b=1.0), BM25(texts, variant="bm25+", b=1.0)
    assert plain.scores("rare")[0] < 0.02 < 1 < plus.scores("rare")[0]
    assert plus.scores("rare")[1] == 0
    none = BM25(texts, variant="bm25+", b=1.0, delta=0)
    assert none.scores("rare")[0] < 0.02


def test_in_the_oracles_delta_changes_no_order() -> None:
    """What the page on retrieval says of bm25s and rank_bm25: the bonus goes to all documents."""
    query = ["path", "integer", "the", "value"]
    for scores in (
        lambda delta: BM25Plus(TOKENS, k1=K1, b=B, delta=delta).get_scores(query),
        lambda delta: oracle("bm25+", delta).get_scores(query),
    ):
        shift = scores(1.0) - scores(0.25)
        np.testing.assert_allclose(shift, shift[0], rtol=1e-6)
        assert shift[0] > 0


def test_weights_of_terms_count_as_repetitions() -> None:
    model = index("lucene")
    text = "return the the name"
    np.testing.assert_allclose(model.scores(Counter(text.split())), model.scores(text))
    half = model.scores({"name": 0.5, "zzz": 3.0})
    np.testing.assert_allclose(half, 0.5 * model.scores("name"))


def test_search_is_the_sorted_scores_with_ties_in_order() -> None:
    texts = {str(i): ["x y", "x", "y z", ""][i % 4] for i in range(4_000)}
    model = BM25(texts)
    for query in ("x", "y", "x z", "z z y"):
        scores = model.scores(query)
        order = sorted(np.flatnonzero(scores > 0), key=lambda i: (-scores[i], i))
        for k in (1, 3, 1_500, 10_000):
            assert model.search(query, k) == [(str(i), scores[i]) for i in order[:k]]


@pytest.mark.parametrize("k1", [0.0, 1.5])
@pytest.mark.parametrize("b", [0.0, 1.0])
@pytest.mark.parametrize("variant", VARIANTS)
def test_extremes_of_the_parameters_give_finite_scores(
    variant: Variant, k1: float, b: float
) -> None:
    model = BM25({"1": "a", "2": "", "3": "a b a"}, k1, b, variant)
    assert np.isfinite(model.scores("a b")).all()
    assert model.scores("a b")[1] == 0


def test_nothing_to_find_is_an_empty_ranking() -> None:
    assert BM25({}).search("word") == []
    assert BM25({"1": "", "2": "?!"}).search("word") == []
    model = BM25({"1": "word"})
    for query in ("", "  ", "?!", "unknown"):
        assert model.search(query) == []
    assert len(BM25([])) == 0
    assert BM25([]).scores("word").shape == (0,)


def test_documents_of_one_character_of_ten_megabytes_and_of_two_scripts() -> None:
    texts = {"one": "x", "big": "y " * 5_000_000, "two": "用 attention 注意力"}
    model = BM25(texts)
    assert [id for id, _ in model.search("y")] == ["big"]
    assert [id for id, _ in model.search("x")] == ["one"]
    assert [id for id, _ in model.search("注意力机制")] == ["two"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"k1": -0.1}, "k1 is -0.1; it must be 0 or more"),
        ({"k1": math.nan}, "k1 is nan"),
        ({"b": 1.5}, "b is 1.5; it must be from 0 to 1"),
        ({"b": math.nan}, "b is nan"),
        ({"variant": "okapi"}, "variant is 'okapi'; it must be one of lucene, robertson"),
        ({"delta": 1.0}, "delta is 1.0; it must be 0 or more, and only for bm25"),
        ({"delta": -1.0, "variant": "bm25+"}, "delta is -1.0"),
    ],
)
def test_bad_arguments_are_named(options: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        BM25({"1": "a"}, **options)


def test_repeated_ids_and_k_below_1_are_refused() -> None:
    with pytest.raises(ValueError, match="id '1' occurs twice"):
        BM25([("1", "a"), ("1", "b")])
    with pytest.raises(ValueError, match="k is 0"):
        BM25({"1": "a"}).search("a", 0)
