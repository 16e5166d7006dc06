"""Practice on the site: flash cards, mock interviews, and the cards as a file for Anki.

``{flash-cards}`` and ``{mock-interview}`` are the places where the scripts of
``book/_static/practice`` put themselves. What they show is made here from the finished pages: a
question, its short answer as the page renders it, and the exercises. One script a chapter holds
it, since a page opened from a disk may load scripts but not read files, and a page loads only the
chapters that it draws from. The same cards become a text file that Anki imports.
"""

import csv
import html
import io
import json
import posixpath
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

from handtorch_classroom.chinese import is_chinese
from handtorch_classroom.question_facets import kind_of
from handtorch_classroom.site_lists import SyllabusDirective, exercise_facts
from handtorch_classroom.syllabus import Chapter, Question, chapters_in_the_book

logger = logging.getLogger(__name__)

HOME = "book"
"""The folder of the two pages: all addresses in the data are seen from there."""

DATA = Path("_static") / "practice" / "data"
ANKI = Path("_static") / "practice" / "handtorch-anki.txt"
STYLE = "practice/practice.css"
SHARED_SCRIPTS = ("practice/fsrs.js", "practice/reviews.js", "practice/shared.js")
PLACE = """
<div class="practice" id="{id}" data-chapters="{chapters}">
  <noscript>
    <p>This page needs JavaScript; nothing that it does leaves your computer.</p>
    <p lang="zh">此页需要 JavaScript；所有数据都只留在你的电脑上。</p>
  </noscript>
</div>
"""
ANKI_TAGS = frozenset(
    [
        "b",
        "blockquote",
        "br",
        "code",
        "em",
        "i",
        "li",
        "ol",
        "p",
        "pre",
        "strong",
        "sub",
        "sup",
        "ul",
    ]
)


class _Practice(SyllabusDirective):
    """A place for a script, with the chapters and the ids of their questions and exercises."""

    id = ""
    scripts: tuple[str, ...] = ()

    def render(self, chapters: tuple[Chapter, ...]) -> list[nodes.Node]:
        outline = json.dumps([self.outline(chapter) for chapter in chapters], ensure_ascii=False)
        place = nodes.raw(
            "", PLACE.format(id=self.id, chapters=html.escape(outline)), format="html"
        )
        place["scripts"] = [*SHARED_SCRIPTS, *self.scripts]
        place["style"] = STYLE
        return [place]

    def outline(self, chapter: Chapter) -> dict[str, Any]:
        questions = [question.id for page in self.pages(chapter) for question in page.questions]
        exercises = []
        for exercise in chapter.exercises:
            if self.has(f"exercises/{chapter.name}/{exercise.id}"):
                facts = self.facts(chapter, exercise)
                exercises.append([exercise.id, facts.difficulty, facts.minutes])
        return {
            "name": chapter.name,
            "title": {"en": chapter.title.en, "zh": chapter.title.zh},
            "questions": questions,
            "exercises": exercises,
        }


class FlashCards(_Practice):
    """The cards, for practice.md."""

    id = "practice-cards"
    scripts = ("practice/cards.js",)


class MockInterview(_Practice):
    """The interview, for interview.md."""

    id = "practice-interview"
    scripts = ("practice/draw.js", "practice/interview.js")


def short_answers(doctree: nodes.document, ids: set[str]) -> Iterator[tuple[str, list[nodes.Node]]]:
    """The short answers on a page: the id of the question, and what stands below the title."""
    for section in doctree.findall(nodes.section):
        for id in ids & set(section["ids"]):
            for node in section.findall(nodes.admonition):
                if "short-answer" in node.get("classes", ()):
                    yield id, [child for child in node if not isinstance(child, nodes.title)]
                    break


def write_data(app: Sphinx, exception: Exception | None) -> None:
    """After a build, write what the pages of practice load, and the file for Anki."""
    if exception or app.builder.format != "html":
        return
    root, out = Path(app.srcdir), Path(app.outdir)
    (out / DATA).mkdir(parents=True, exist_ok=True)
    cards = []
    for chapter in chapters_in_the_book(root):
        data = chapter_data(app, chapter)
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        text = f"handtorch.receive({json.dumps(chapter.name)}, {_safe(text)});\n"
        (out / DATA / f"{chapter.name}.js").write_text(text, encoding="utf-8")
        cards += [(chapter, card) for card in data["questions"]]
    baseurl = str(app.config.html_baseurl or "")
    (out / ANKI).write_text(anki_text(cards, baseurl), encoding="utf-8")


def chapter_data(app: Sphinx, chapter: Chapter) -> dict[str, Any]:
    """Questions with their short answers, and exercises, as the scripts want them."""
    env, builder = app.env, app.builder
    questions = []
    for page in chapter.pages:
        docname = f"{HOME}/{chapter.name}/{page.name}"
        if docname not in env.found_docs:
            continue
        doctree = env.get_and_resolve_doctree(docname, builder)
        wanted = {question.id: question for question in page.questions}
        answers = dict(short_answers(doctree, set(wanted)))
        address = builder.get_relative_uri(f"{HOME}/practice", docname)
        for id, question in wanted.items():
            if id not in answers:
                continue  # reported by the check of the syllabus
            fragment = "".join(
                builder.render_partial(node.deepcopy())["fragment"]  # type: ignore[attr-defined]
                for node in answers[id]
            )
            questions.append(_card(chapter, question, address, seen_from_home(fragment, address)))
    return {"questions": questions, "exercises": list(_exercises(app, chapter))}


def _card(chapter: Chapter, question: Question, address: str, answer: str) -> dict[str, str]:
    return {
        "id": f"{chapter.name}/{question.id}",
        "kind": kind_of(question.refs),
        "en": _inline_html(question.en),
        "zh": _inline_html(question.zh),
        "answer": answer,
        "url": f"{address}#{question.id}",
    }


def _exercises(app: Sphinx, chapter: Chapter) -> Iterator[dict[str, Any]]:
    for exercise in chapter.exercises:
        docname = f"exercises/{chapter.name}/{exercise.id}"
        if docname in app.env.found_docs:
            facts = exercise_facts(Path(app.srcdir), chapter, exercise)
            chinese = is_chinese(app.config) and facts.title_zh
            yield {
                "id": f"{chapter.name}/{exercise.id}",
                "title": _inline_html(chinese or facts.title),
                "en": _inline_html(exercise.en),
                "zh": _inline_html(exercise.zh),
                "difficulty": facts.difficulty,
                "minutes": facts.minutes,
                "url": app.builder.get_relative_uri(f"{HOME}/interview", docname),
            }


def seen_from_home(fragment: str, address: str) -> str:
    """The HTML of a page at `address`, with its links as they are from the folder `HOME`.

    Example: ``seen_from_home('<a href="../references.html">', "tokenizer/x.html")``
    ``-> '<a href="references.html">'``
    """

    def link(match: re.Match[str]) -> str:
        target = html.unescape(match[1])
        parts = urlsplit(target)
        if parts.scheme or parts.netloc:
            return match[0]
        if not parts.path:
            return f'href="{html.escape(address + target)}"'
        path = posixpath.normpath(posixpath.join(posixpath.dirname(address), parts.path))
        return f'href="{html.escape(target.replace(parts.path, path, 1))}"'

    return re.sub(r'href="([^"]*)"', link, fragment).strip()


def anki_text(cards: list[tuple[Chapter, dict[str, str]]], baseurl: str = "") -> str:
    """The cards in Anki's text format: a note a line, its own id, a deck a chapter.

    Importing a newer file changes the notes that it knows and keeps their schedule. The note type
    is not named, since each language of Anki calls *Basic* differently. `baseurl` is the address
    of the site, for links to the full answers; without it there are none.
    """
    lines = io.StringIO()
    lines.write("#separator:tab\n#html:true\n#guid column:1\n#deck column:2\n#tags column:5\n")
    lines.write("#columns:GUID\tDeck\tFront\tBack\tTags\n")
    writer = csv.writer(lines, delimiter="\t", lineterminator="\n")
    for chapter, card in cards:
        back = anki_html(card["answer"])
        if baseurl:
            address = html.escape(f"{baseurl.rstrip('/')}/{HOME}/{card['url']}")
            back += f'<p><a href="{address}">Full answer</a></p>'
        front = f"{anki_html(card['en'])}<br><br>{anki_html(card['zh'])}"
        tags = f"handtorch::{card['id'].replace('/', '::')}"
        deck = f"Handtorch::{chapter.title.en} {chapter.title.zh}"
        writer.writerow([f"handtorch/{card['id']}", deck, front, back, tags])
    return lines.getvalue()


def anki_html(fragment: str) -> str:
    """HTML as a card of Anki needs it: on one line, without classes, links and Sphinx's spans."""
    parser = _AnkiHTML()
    parser.feed(fragment)
    parser.close()
    return " ".join("".join(parser.pieces).split())


class _AnkiHTML(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ANKI_TAGS:
            self.pieces.append(f"<{tag}>")

    def handle_endtag(self, tag: str) -> None:
        if tag in ANKI_TAGS and tag != "br":
            self.pieces.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.pieces.append(html.escape(data, quote=False))


def _inline_html(text: str) -> str:
    """A text of the syllabus as HTML: `code` between backticks is code."""
    pieces = html.escape(text, quote=False).split("`")
    return "".join(f"<code>{p}</code>" if i % 2 else p for i, p in enumerate(pieces))


def _safe(text: str) -> str:
    """JSON that is also JavaScript before 2019."""
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def register(app: Sphinx) -> None:
    """Make the directives known to Sphinx, and write the data when a build ends."""
    app.add_directive("flash-cards", FlashCards)
    app.add_directive("mock-interview", MockInterview)
    app.connect("build-finished", write_data)
