"""Rewriting and expanding queries: what a user of the rules would notice."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handtorch.rag.bm25 import BM25
from handtorch.rag.queries import (
    GLOSSARY,
    drop_filler,
    expand,
    fused_search,
    rewrite,
    topic_of,
    variants,
)
from handtorch.rag.text import words

FILL = ["How does textwrap.fill work?"]
WINDOW = ["什么是滑动窗口注意力？"]


@pytest.mark.parametrize(
    ("query", "rewritten"),
    [
        ("Hi, could you please tell me what a merge is? Thanks!", "what a merge is?"),
        ("I was wondering if merges cross words", "merges cross words"),
        ("So, um, okay, why softmax", "why softmax"),
        ("请问一下，字节级 BPE 是什么？谢谢", "字节级 BPE 是什么？"),
        ("能告诉我怎么分词吗？", "怎么分词"),
        ("why is hi a token", "why is hi a token"),  # only at the ends
        ("So softmax", "softmax"),
        ("Sorting", "Sorting"),  # "so" is a word here, not a beginning
        ("thanks", "thanks"),  # nothing else is left
        ("", ""),
    ],
)
def test_filler_goes_at_the_ends_only(query: str, rewritten: str) -> None:
    assert drop_filler(query) == rewritten
    assert rewrite(query) == rewritten


@pytest.mark.parametrize(
    ("query", "history", "rewritten"),
    [
        ("Does it keep tabs?", FILL, "Does textwrap.fill keep tabs?"),
        ("What is its default width?", FILL, "What is textwrap.fill's default width?"),
        ("Why does that help?", ["What is a causal mask?"], "Why does causal mask help?"),
        ("它的复杂度是多少？", WINDOW, "滑动窗口注意力的复杂度是多少？"),
        ("其显存开销如何？", ["FlashAttention 是什么？"], "FlashAttention的显存开销如何？"),
        ("这种方法有什么缺点？", WINDOW, "滑动窗口注意力有什么缺点？"),
        ("thanks! And why does that need one pass?", FILL, "why does textwrap.fill need one pass?"),
        # expletives and conjunctions refer to nothing
        ("Is it possible to undo a merge?", FILL, "Is it possible to undo a merge?"),
        ("Is it true that merges overlap?", FILL, "Is it true that merges overlap?"),
        ("How long does it take?", FILL, "How long does it take?"),
        ("I read that merges overlap", FILL, "I read that merges overlap"),
        ("其他方法有哪些？", WINDOW, "其他方法有哪些？"),
        # without a history there is nothing to refer to
        ("Does it keep tabs?", [], "Does it keep tabs?"),
        ("Does it keep tabs?", ["hello", "what is it?"], "Does it keep tabs?"),
    ],
)
def test_references_get_the_topic(query: str, history: list[str], rewritten: str) -> None:
    assert rewrite(query, history) == rewritten


def test_an_elliptic_question_takes_over_the_one_before() -> None:
    history = ["How much memory does FlashAttention save?"]
    assert rewrite("What about RoPE?", history) == "How much memory does RoPE save?"
    assert (
        rewrite("那线性注意力呢？", ["滑动窗口注意力的复杂度是多少？"])
        == "线性注意力的复杂度是多少？"
    )
    assert rewrite("and for long inputs?", history) == "FlashAttention for long inputs?"


def test_the_topic_survives_questions_that_only_refer_to_it() -> None:
    history = ["Tell me about RoPE", "does it need training?", "Why is that?"]
    assert rewrite("What does it cost?", history) == "What does RoPE cost?"


def test_the_newest_topic_wins_and_the_history_is_left_alone() -> None:
    history = ["What is RoPE?", "What is FlashAttention?"]
    assert rewrite("Is it exact?", history) == "Is FlashAttention exact?"
    assert history == ["What is RoPE?", "What is FlashAttention?"]


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("How does `shutil.rmtree` differ from os.remove?", "os.remove"),
        ("How does sliding window attention work?", "sliding window attention"),
        ("What is it?", ""),
        ("为什么要缩放点积注意力的分数", "缩放点积注意力"),
        ("", ""),
    ],
)
def test_topic(text: str, topic: str) -> None:
    assert topic_of(text) == topic


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=80), st.lists(st.text(max_size=40), max_size=3))
def test_rewriting_never_empties_a_query_or_fails(query: str, history: list[str]) -> None:
    assert bool(rewrite(query, history)) == bool(query.strip())
    assert rewrite(query) == drop_filler(query)


def test_expansion_by_hand() -> None:
    """folder -> directory at 0.4; of the passages' terms "tree" is likeliest:
    3/4 * 1/2 + 1/4 = 5/8 against rmtree's 3/8, so tree gets 0.3 and rmtree 0.3 * 3/5."""
    weights = expand(
        "delete folder folder",
        {"folder": ["directory", "delete"]},
        [("rmtree tree", 3.0), ("tree", 1.0)],
        synonym_weight=0.4,
    )
    assert list(weights) == ["delete", "folder", "directory", "tree", "rmtree"]
    assert list(weights.values()) == pytest.approx([1.0, 2.0, 0.4, 0.3, 0.18])


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.sampled_from([*GLOSSARY, "the", "rmtree"]), min_size=1, max_size=6),
    st.lists(st.sampled_from([*GLOSSARY, "of", "tree"]), min_size=1, max_size=9),
    st.floats(0, 0.99),
    st.floats(0, 0.99),
)
def test_own_terms_keep_the_largest_weight(
    asked: list[str], found: list[str], synonym: float, feedback: float
) -> None:
    query, passage = " ".join(asked), " ".join(found)
    weights = expand(
        query, feedback=[(passage, 1.0)], synonym_weight=synonym, feedback_weight=feedback
    )
    own = set(words(query))
    assert own <= set(weights)
    least = min(weights[term] for term in own)
    assert all(0 < weight <= least for term, weight in weights.items() if term not in own)
    assert "of" not in weights or "of" in own


def test_weights_from_one_upwards_are_refused() -> None:
    with pytest.raises(ValueError, match="synonym_weight is 1"):
        expand("a", synonym_weight=1)
    with pytest.raises(ValueError, match="feedback_weight is -1"):
        expand("a", feedback_weight=-1)


def test_an_empty_query_expands_to_nothing() -> None:
    assert expand("", feedback=[("tree", 1.0)]) == {}


def test_variants_differ_and_begin_with_the_query() -> None:
    found = variants("how do I delete a folder, and how do I copy a file?")
    assert found[0] == "how do I delete a folder, and how do I copy a file?"
    assert "delete folder copy file" in found
    assert "how do I copy a file?" in found
    assert len(set(found)) == len(found)
    assert variants("  ") == []


def test_fused_search_prefers_what_several_queries_find() -> None:
    """ "b" is second for one query and first for the other: 1/62 + 1/61 beats "a", 1/61 alone."""
    index = BM25([("a", "delete delete"), ("b", "delete folder"), ("c", "copy")])
    fused = fused_search(index.search, ["delete", "folder"], 2)
    assert [key for key, _ in fused] == ["b", "a"]
    assert fused[0][1] == pytest.approx(1 / 62 + 1 / 61)
    assert fused_search(index.search, [], 2) == []
    with pytest.raises(ValueError, match="k is 0"):
        fused_search(index.search, ["copy"], 0)
