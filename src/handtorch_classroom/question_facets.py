"""What a question is asked for, beside its words: its kind, and the lists that ask it.

Both come from the ``refs`` of the syllabus (``S0:System Design:q4``, ``S1:design:3``, ``S4:…``):
the part before the first colon names the list, and a part that names design makes the question
one of design. All other questions are of concepts; exercises are code.
"""

import json
from collections.abc import Iterable, Sequence

from docutils import nodes

KINDS = {
    "concept": {"en": "Concept", "zh": "概念"},
    "code": {"en": "Code", "zh": "代码"},
    "design": {"en": "Design", "zh": "设计"},
}
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


def facet_classes(kind: str, refs: Sequence[str]) -> list[str]:
    """The classes of an item in the list of questions, by which question_index.js filters.

    Example: ``facet_classes("code", ["S1:55"]) -> ["kind-code", "source-s1"]``
    """
    return [f"kind-{kind}", *(f"source-{source.lower()}" for source in sources_of(refs))]


def facet_names() -> nodes.raw:
    """The names of kinds and lists, for question_index.js, which makes the fields of the filter."""
    sources = {source.lower(): {"en": name, "zh": name} for source, name in SOURCES.items()}
    names = json.dumps({"kind": KINDS, "source": sources}, ensure_ascii=False)
    script = f'<script type="application/json" id="question-facets">{names}</script>'
    return nodes.raw("", script, format="html")
