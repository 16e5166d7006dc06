"""What the search looks through, made when a build ends; the search is in book/_static/search.

Two files, loaded only when someone searches: ``index.js`` has every question with its short
answer, every exercise and every heading; ``prose.js``, loaded after it, has the text under each.
They are scripts, since a page opened from a disk may load scripts but not read files. There is no
index of words: the browser looks through the text itself, so Chinese needs no dictionary, and half
a word is found while it is typed.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from handtorch_classroom.site_lists import exercise_facts
from handtorch_classroom.site_practice import short_answers
from handtorch_classroom.syllabus import Question, chapters_in_the_book

FOLDER = Path("_static") / "search"
QUESTION, EXERCISE, HEADING = range(3)  # as in rank.js
WITHOUT = ("book/questions", "book/practice", "book/interview", "book/references")
"""Pages that only list what stands elsewhere; they are found by their titles."""


LINES = {"chinese-line", "english-line"}
"""The classes of a line that says the heading above it in the other language."""


@dataclass(frozen=True)
class Entry:
    """One place that a search can lead to; `text` is a short answer or a statement."""

    kind: int
    docname: str
    anchor: str
    en: str
    zh: str
    text: str = ""
    prose: str = ""


def entries(app: Sphinx) -> Iterator[Entry]:
    """All places, page by page, then the exercises."""
    env = app.env
    root = Path(app.srcdir)
    chapters = chapters_in_the_book(root)
    questions = {
        f"book/{chapter.name}/{page.name}": {question.id: question for question in page.questions}
        for chapter in chapters
        for page in chapter.pages
    }
    for docname in sorted(env.found_docs):
        if docname.startswith("book/"):
            doctree = env.get_and_resolve_doctree(docname, app.builder)
            yield from _page_entries(docname, doctree, questions.get(docname, {}))
    for chapter in chapters:
        for exercise in chapter.exercises:
            docname = f"exercises/{chapter.name}/{exercise.id}"
            if docname in env.found_docs:
                facts = exercise_facts(root, chapter, exercise)
                chinese = facts.title_zh or exercise.zh.split("：")[0].rstrip("。")
                statement = f"{exercise.en} {exercise.zh}"
                yield Entry(EXERCISE, docname, "", facts.title, chinese, statement)


def _page_entries(
    docname: str, doctree: nodes.document, questions: dict[str, Question]
) -> Iterator[Entry]:
    answers = dict(short_answers(doctree, set(questions)))
    lists = docname in WITHOUT or docname.endswith("/index")
    for section in doctree.findall(nodes.section):
        anchor = section["ids"][0]
        prose = "" if lists else _text(section)
        if question := questions.get(anchor):
            answer = " ".join(_clean(node.astext()) for node in answers.get(anchor, ()))
            yield Entry(QUESTION, docname, anchor, question.en, question.zh, answer, prose)
        else:
            top = section.parent is doctree
            if top or not lists:
                title, chinese = _titles(section)
                yield Entry(HEADING, docname, "" if top else anchor, title, chinese, "", prose)


def _titles(section: nodes.section) -> tuple[str, str]:
    """The heading in English and in Chinese; one of them stands below the other."""
    body = [child for child in section if isinstance(child, nodes.Element)]
    title = next((child.astext() for child in body if isinstance(child, nodes.title)), "")
    for child in body[1:2]:
        line = _clean(child.astext())
        if "chinese-line" in child.get("classes", ()):
            return _clean(title), line
        if "english-line" in child.get("classes", ()):
            return line, _clean(title)
    return _clean(title), ""


def _text(section: nodes.section) -> str:
    """The prose of a section without its headings, short answer, code and sections below."""
    return _clean("".join(_prose(section)))


def _prose(node: nodes.Element) -> Iterator[str]:
    for child in node.children:
        if isinstance(child, nodes.Text):
            yield child.astext()
        elif isinstance(child, nodes.Element):
            classes = set(child.get("classes", ()))
            if isinstance(child, _SKIPPED) or classes & {"cell", "short-answer", *LINES}:
                continue
            yield from _prose(child)
            if not isinstance(child, nodes.Inline):
                yield " "


_SKIPPED = (nodes.section, nodes.title, nodes.literal_block, nodes.raw, nodes.comment, nodes.image)


def _clean(text: str) -> str:
    return " ".join(text.replace("`", "").split())


def write_index(app: Sphinx, exception: Exception | None) -> None:
    """After a build, write both files."""
    if exception or app.builder.format != "html":
        return
    found = list(entries(app))
    docnames = list(dict.fromkeys(entry.docname for entry in found))
    pages = [
        [_clean(app.env.titles[docname].astext()), app.builder.get_target_uri(docname)]
        for docname in docnames
    ]
    index = [
        [e.kind, docnames.index(e.docname), e.anchor, _clean(e.en), _clean(e.zh), _clean(e.text)]
        for e in found
    ]
    folder = Path(app.outdir) / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "index.js", "index", {"pages": pages, "entries": index})
    _write(folder / "prose.js", "prose", [entry.prose for entry in found])


def _write(path: Path, name: str, data: Any) -> None:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    path.write_text(f"handtorch.search.{name}({text});\n", encoding="utf-8")


def without_sphinx_search(app: Sphinx) -> None:
    """Sphinx makes no index of its own; search.html is a page like others (see _config.yml)."""
    if app.builder.format == "html":
        app.builder.search = False  # type: ignore[attr-defined]


def register(app: Sphinx) -> None:
    """Make Sphinx write the index when a build ends, and load the search on every page."""
    app.connect("builder-inited", without_sphinx_search)
    app.connect("build-finished", write_index)
    app.add_js_file("search/search.js", loading_method="defer")
