"""What a question is asked for, beside its words: its kind, and the lists that ask it.

Both come from the ``refs`` of the syllabus (``S0:System Design:q4``, ``S1:design:3``, ``S4:…``):
the part before the first colon names the list, and a part that names design makes the question
one of design. All other questions are of concepts; exercises are code.
"""

from collections.abc import Iterable, Sequence

KINDS = {"concept": "Concept 概念", "code": "Code 代码", "design": "Design 设计"}
SOURCES = {
    "S0": "问题列表",
    "S1": "NLP & 大模型：知识点和面试题",
    "S2": "大模型面试题 1000 问",
    "S3": "LLMs 千面郎君",
    "S4": "AI Agent 面试题库",
}
DESIGN = {"design", "system design"}


def kind_of(refs: Iterable[str]) -> str:
    """Whether a question asks for a design or a concept.

    Example: ``kind_of(["S1:55", "S0:System Design:q4"]) -> "design"``
    """
    parts = {part.strip().lower() for ref in refs for part in ref.split(":")[1:]}
    return "design" if parts & DESIGN else "concept"


def sources_of(refs: Sequence[str]) -> tuple[str, ...]:
    """The lists that ask it, each once, in the order of `SOURCES`.

    Example: ``sources_of(["S3:466", "S1:55", "S3:467"]) -> ("S1", "S3")``
    """
    named = {ref.partition(":")[0] for ref in refs}
    return tuple(source for source in SOURCES if source in named)
