"""Retrieval in several steps, for questions whose evidence lies in more than one passage.

Three ways to come by a second query without a language model, each after a method that uses one:

    decompose     cut the question into parts and search for each (as self-ask does, press2023)
    residual      search again for the words of the question that the first passage lacks
    bridge        search again for the question together with what is telling in the first
                  passage: the second hop may share no word with the question (MDR, xiong2021;
                  IRCoT uses a sentence of reasoning for this, trivedi2023)

The steps multiply: with b passages followed and h hops there are up to b^(h-1) queries. What this
leaves out: knowing when to stop, and the reasoning that turns two passages into one answer.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping

from handtorch.rag.fusion import reciprocal_rank_fusion
from handtorch.rag.generation import STOP_WORDS
from handtorch.rag.text import words

Ranking = list[tuple[str, float]]
Search = Callable[[str, int], Ranking]

# A comma, a semicolon or "and", where what follows begins like a question or a clause of its own.
_CUT = re.compile(
    r"[,;:]?\s+(?:and|but|while|whereas)\s+(?=(?:how|what|why|which|when|where|who|does|do|is|are"
    r"|can|in|for|with)\b)|[;?]\s+|(?<=[？；])|，(?=(?:而|又|那|并|以及|它|怎|为|哪|如))",
    re.IGNORECASE,
)


def decompose(question: str) -> list[str]:
    """The parts of a question, cut where a second question begins; at least one.

    Parts of fewer than two telling words are joined to the part before.

    Example: ``"What is BPE, and how does WordPiece differ?"`` ->
    ``["What is BPE", "how does WordPiece differ?"]``
    """
    parts: list[str] = []
    for part in _CUT.split(question):
        part = (part or "").strip()
        if parts and len(telling_words(part)) < 2:
            parts[-1] = f"{parts[-1]} {part}".strip()
        elif part:
            parts.append(part)
    return parts or [question]


def decomposed_search(search: Search, question: str, k: int, depth: int = 20) -> Ranking:
    """Reciprocal rank fusion of the question's ranking and those of its parts."""
    parts = decompose(question)
    queries = [question, *parts] if len(parts) > 1 else [question]
    return reciprocal_rank_fusion([search(query, depth) for query in queries])[:k]


def residual_query(question: str, passage: str) -> str:
    """The telling words of the question that the passage lacks, in order."""
    held = set(words(passage))
    return " ".join(word for word in telling_words(question) if word not in held)


def bridge_query(
    question: str, passage: str, weight: Callable[[str], float], terms: int = 5
) -> str:
    """The question and the passage's `terms` most telling words that it does not hold.

    A word tells by its occurrences in the passage times its weight (tf-idf): by the weight alone
    the rarest words would win, and those are rare everywhere.

    Args:
        weight: how much a word tells, such as `context.word_weights` of the corpus.
        terms: how many words are added; of equal ones the first.
    """
    asked, counts = set(words(question)), Counter(words(passage))
    new = [word for word in telling_words(passage) if word not in asked]
    best = sorted(new, key=lambda word: -counts[word] * weight(word))
    return " ".join([question, *best[:terms]])


def two_step_search(
    search: Search,
    second_query: Callable[[str, str], str],
    texts: Mapping[str, str],
    question: str,
    k: int,
    *,
    follow: int = 1,
    keep: int = 3,
    depth: int = 20,
) -> Ranking:
    """Search, make a second query from each of the first `follow` passages, search again, merge.

    The first `keep` places stay as the first search has them: they are what the second step
    rests on. After them the rankings of both steps are fused. A second query without a word
    changes nothing.

    Args:
        second_query: from the question and a passage to the next query.
        texts: the passages by id.

    Raises:
        ValueError: if `follow`, `keep` or `depth` is below 1.
    """
    for name, value in (("follow", follow), ("keep", keep), ("depth", depth)):
        if value < 1:
            raise ValueError(f"{name} is {value}; it must be 1 or more")
    first = search(question, depth)
    queries = [second_query(question, texts[id]) for id, _ in first[:follow]]
    rankings = [first, *(search(query, depth) for query in queries if words(query))]
    fused = reciprocal_rank_fusion(rankings)
    head = [id for id, _ in first[:keep]]
    score = dict(fused)
    top = max(score.values(), default=0.0)
    kept = [(id, top + score[id]) for id in head]
    kept.sort(key=lambda item: head.index(item[0]))
    return [*kept, *(item for item in fused if item[0] not in head)][:k]


def telling_words(text: str) -> list[str]:
    """The distinct words that are no stop words, in order."""
    return [word for word in dict.fromkeys(words(text)) if word not in STOP_WORDS]
