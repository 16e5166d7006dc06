"""Directives that make the site's lists from the syllabus, so that no list is kept by hand.

``{question-index}``     every question and exercise of the book, with a filter
``{chapter-pages}``      the pages of the chapter in whose folder it stands, with their questions
``{chapter-exercises}``  its exercises: page, difficulty, minutes
``{chapter-list}``       the chapters of the book with what is in each

Links go through Sphinx's references: one that leads nowhere is a warning. In the Chinese edition
the Chinese wording comes first.
"""

import html
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from handtorch_classroom.chinese import WORDS, is_chinese, say
from handtorch_classroom.question_facets import facet_classes, facet_names, kind_of
from handtorch_classroom.syllabus import (
    Chapter,
    Exercise,
    Page,
    Question,
    SyllabusError,
    Title,
    chapters_in_the_book,
)

logger = logging.getLogger(__name__)

DIFFICULTIES = {1: "easy", 2: "medium", 3: "hard"}
FILTER = """
<form class="question-filter" role="search" aria-label="{label}" hidden>
  <div class="question-filter-text">
    <label for="question-filter-q">{filter}</label>
    <input id="question-filter-q" name="q" type="search" autocomplete="off" spellcheck="false"
      placeholder="merge rules, 词表 …">
  </div>
  <div class="question-filter-chapter">
    <label for="question-filter-chapter">{chapter}</label>
    <select id="question-filter-chapter" name="chapter">
      <option value="">{all_chapters}</option>
      {options}
    </select>
  </div>
  <output class="question-filter-count" for="question-filter-q question-filter-chapter"
    aria-live="polite"></output>
</form>
"""


@dataclass(frozen=True)
class ExerciseFacts:
    """What the syllabus does not say of an exercise; None where its notebook does not, either."""

    title: str
    difficulty: int | None
    minutes: int | None
    title_zh: str | None = None


def exercise_facts(root: Path, chapter: Chapter, exercise: Exercise) -> ExerciseFacts:
    """Read the title, difficulty and minutes from the exercise's solution notebook.

    Raises:
        ValueError: if the notebook is none, or its metadata holds something else.
    """
    path = root / "solutions" / chapter.name / f"{exercise.id}.ipynb"
    if not path.is_file():
        return ExerciseFacts(exercise.summary, None, None)
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        facts = notebook["metadata"].get("handtorch", {})
        first = "".join(notebook["cells"][0]["source"])
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise ValueError(f"{path}: not a notebook: {error!r}") from error
    heading = re.search(r"^#\s+(.+?)\s*#*\s*$(?:\n+\*([^*].*)\*\s*$)?", first, re.MULTILINE)
    difficulty, minutes = facts.get("difficulty"), facts.get("minutes")
    if difficulty is not None and difficulty not in DIFFICULTIES:
        raise ValueError(f"{path}: metadata handtorch.difficulty is {difficulty!r}, not 1, 2 or 3")
    if minutes is not None and not (isinstance(minutes, int) and minutes > 0):
        raise ValueError(f"{path}: metadata handtorch.minutes is {minutes!r}, not a whole number")
    title, title_zh = heading.groups() if heading else (exercise.summary, None)
    return ExerciseFacts(title, difficulty, minutes, title_zh)


class SyllabusDirective(SphinxDirective):
    """What the directives share. None has arguments, options or content."""

    def run(self) -> list[nodes.Node]:
        self.env.note_reread()  # which pages and exercises exist decides what is shown
        try:
            return self.render(chapters_in_the_book(self.root))
        except (SyllabusError, ValueError) as problem:
            logger.warning("%s", problem, location=self.get_location())
            return []

    def render(self, chapters: tuple[Chapter, ...]) -> list[nodes.Node]:
        raise NotImplementedError

    @property
    def root(self) -> Path:
        return Path(self.env.srcdir)

    def chapter_here(self, chapters: Iterable[Chapter]) -> Chapter:
        """The chapter in whose folder the document stands."""
        folder = self.env.docname.split("/")[-2:][0]
        for chapter in chapters:
            if chapter.name == folder:
                return chapter
        raise ValueError(f"{{{self.name}}} must stand in the index.md of a chapter")

    def has(self, docname: str) -> bool:
        return docname in self.env.found_docs

    def pages(self, chapter: Chapter) -> list[Page]:
        """The pages that are in the book; the others are reported by the check of the syllabus."""
        return [page for page in chapter.pages if self.has(_page(chapter, page.name))]

    def link(self, docname: str, text: str) -> nodes.Node:
        """A link to a document; plain text where the book does not have it."""
        inner = nodes.inline("", "", *_inline(text))
        return self.reference("doc", f"/{docname}", inner) if self.has(docname) else inner

    @property
    def chinese(self) -> bool:
        return is_chinese(self.config)

    def say(self, text: str) -> str:
        return say(text, self.config)

    def first(self, wording: Title | Question | Exercise) -> str:
        """What stands first in the language of the edition."""
        return wording.zh if self.chinese else wording.en

    def second(self, wording: Title | Question | Exercise) -> nodes.paragraph:
        """The same in the other language, as a line of its own."""
        text = wording.en if self.chinese else wording.zh
        classes = ["english-line", "language-en"] if self.chinese else ["chinese-line"]
        return nodes.paragraph("", "", *_inline(text), classes=classes)

    def aside(self, wording: Title) -> list[nodes.Node]:
        """The same in the other language, behind the first."""
        text = wording.en if self.chinese else wording.zh
        classes = ["english-aside", "language-en"] if self.chinese else ["chinese-aside"]
        return [nodes.Text(" "), nodes.inline(text, text, classes=classes)]

    def title_of(self, facts: ExerciseFacts) -> str:
        return facts.title_zh if self.chinese and facts.title_zh else facts.title

    def difficulty(self, facts: ExerciseFacts) -> str | None:
        return self.say(DIFFICULTIES[facts.difficulty]) if facts.difficulty else None

    def question_link(self, chapter: Chapter, question: Question) -> nodes.Node:
        inner = nodes.inline("", "", nodes.Text(self.first(question)))
        return self.reference("ref", f"{chapter.name}/{question.id}", inner)

    def reference(self, kind: str, target: str, inner: nodes.inline) -> nodes.Node:
        inner["classes"] += ["std", f"std-{kind}"]
        reference = addnodes.pending_xref(
            "",
            inner,
            refdoc=self.env.docname,
            refdomain="std",
            reftype=kind,
            reftarget=target,
            refexplicit=True,
            refwarn=True,
        )
        self.set_source_info(reference)
        return reference

    def section(self, id: str, title: Sequence[nodes.Node]) -> nodes.section:
        section = nodes.section("", nodes.title("", "", *title), names=[id])
        self.state.document.note_implicit_target(section)
        return section

    def facts(self, chapter: Chapter, exercise: Exercise) -> ExerciseFacts:
        self.env.note_dependency(f"solutions/{chapter.name}/{exercise.id}.ipynb")
        return exercise_facts(self.root, chapter, exercise)


class QuestionIndex(SyllabusDirective):
    """All questions and exercises, by chapter and page; question_index.js adds the filter."""

    def render(self, chapters: tuple[Chapter, ...]) -> list[nodes.Node]:
        options = [
            f'<option value="{html.escape(c.name)}">{html.escape(self.first(c.title))}</option>'
            for c in chapters
        ]
        filled = FILTER.format(
            options="\n      ".join(options),
            label=self.say("Questions and exercises"),
            filter=self.say("Filter by words, English or Chinese"),
            chapter=self.say("Chapter"),
            all_chapters=self.say("All chapters"),
        )
        form = nodes.raw("", filled, format="html")
        form["scripts"] = ["question_index.js"]
        return [form, facet_names(), *(self.chapter(chapter) for chapter in chapters)]

    def chapter(self, chapter: Chapter) -> nodes.section:
        head = [self.link(_index(chapter), self.first(chapter.title)), *self.aside(chapter.title)]
        section = self.section(chapter.name, head)
        section["classes"].append("question-chapter")
        for page in self.pages(chapter):
            link = self.link(_page(chapter, page.name), self.first(page.title))
            title = [link, *self.aside(page.title)]
            items = [self.question(chapter, question) for question in page.questions]
            section += self.group(f"{chapter.name}-{page.name}", title, items)
        if chapter.exercises:
            items = [self.exercise(chapter, exercise) for exercise in chapter.exercises]
            exercises = Title("Exercises", WORDS["Exercises"])
            title = [nodes.Text(self.first(exercises)), *self.aside(exercises)]
            section += self.group(f"{chapter.name}-exercises", title, items)
        return section

    def group(
        self, id: str, title: Sequence[nodes.Node], items: Sequence[nodes.list_item]
    ) -> nodes.section:
        section = self.section(id, title)
        section += nodes.bullet_list("", *items, classes=["question-list"])
        return section

    def question(self, chapter: Chapter, question: Question) -> nodes.list_item:
        return nodes.list_item(
            "",
            nodes.paragraph("", "", self.question_link(chapter, question)),
            self.second(question),
            classes=["question-item", *facet_classes(kind_of(question.refs), question.refs)],
        )

    def exercise(self, chapter: Chapter, exercise: Exercise) -> nodes.list_item:
        facts = self.facts(chapter, exercise)
        head = nodes.paragraph(
            "", "", self.link(_exercise(chapter, exercise), self.title_of(facts))
        )
        if words := self.measures(facts):
            head += nodes.inline("", f" {words}", classes=["exercise-measures"])
        page = chapter.page(exercise.page)
        taught = nodes.paragraph("", self.say("Taught in "), classes=["exercise-page"])
        link = self.link(_page(chapter, page.name), self.first(page.title))
        taught += [link, nodes.Text(self.say("."))]
        statement = nodes.paragraph("", "", *_inline(self.first(exercise)))
        body = [head, statement, self.second(exercise), taught]
        classes = ["question-item", "exercise-item", *facet_classes("code", exercise.refs)]
        return nodes.list_item("", *body, classes=classes)

    def measures(self, facts: ExerciseFacts) -> str:
        """Example: ``medium, 25 min``"""
        minutes = f"{facts.minutes} {self.say('min')}" if facts.minutes else None
        return self.say(", ").join(filter(None, [self.difficulty(facts), minutes]))


class ChapterPages(SyllabusDirective):
    """The pages of the chapter and, under each, the questions that it answers."""

    def render(self, chapters: tuple[Chapter, ...]) -> list[nodes.Node]:
        chapter = self.chapter_here(chapters)
        items = []
        for page in self.pages(chapter):
            link = self.link(_page(chapter, page.name), self.first(page.title))
            head = nodes.paragraph("", "", link, *self.aside(page.title))
            questions = [
                nodes.list_item("", nodes.paragraph("", "", self.question_link(chapter, question)))
                for question in page.questions
            ]
            items.append(nodes.list_item("", head, nodes.bullet_list("", *questions)))
        return [nodes.enumerated_list("", *items, classes=["chapter-pages"])] if items else []


class ChapterExercises(SyllabusDirective):
    """A table of the chapter's exercises."""

    def render(self, chapters: tuple[Chapter, ...]) -> list[nodes.Node]:
        chapter = self.chapter_here(chapters)
        rows = []
        for page in chapter.pages:  # in teaching order
            for exercise in chapter.exercises_on(page.name):
                facts = self.facts(chapter, exercise)
                rows.append(
                    [
                        [self.link(_exercise(chapter, exercise), self.title_of(facts))],
                        [self.link(_page(chapter, page.name), self.first(page.title))],
                        [nodes.Text(self.difficulty(facts) or "–")],
                        [nodes.Text(str(facts.minutes or "–"))],
                    ]
                )
        head = map(self.say, ("Exercise", "Taught in", "Difficulty", "Minutes"))
        return [_table(list(head), rows)] if rows else []


class ChapterList(SyllabusDirective):
    """The chapters of the book, counted."""

    def render(self, chapters: tuple[Chapter, ...]) -> list[nodes.Node]:
        rows = []
        for chapter in chapters:
            link = self.link(_index(chapter), self.first(chapter.title))
            title = [link, *self.aside(chapter.title)]
            counts = (len(chapter.pages), len(chapter.questions), len(chapter.exercises))
            rows.append([title, *([nodes.Text(str(count))] for count in counts)])
        head = map(self.say, ("Chapter", "Pages", "Questions", "Exercises"))
        return [_table(list(head), rows)] if rows else []


def _index(chapter: Chapter) -> str:
    return f"book/{chapter.name}/index"


def _page(chapter: Chapter, page: str) -> str:
    return f"book/{chapter.name}/{page}"


def _exercise(chapter: Chapter, exercise: Exercise) -> str:
    return f"exercises/{chapter.name}/{exercise.id}"


def _inline(text: str) -> list[nodes.Node]:
    """Text whose `code` between backticks is code: the only markup of the syllabus."""
    pieces = text.split("`")
    return [
        nodes.literal(piece, piece) if i % 2 else nodes.Text(piece)
        for i, piece in enumerate(pieces)
        if piece
    ]


def _table(head: Sequence[str], rows: Sequence[Sequence[Sequence[nodes.Node]]]) -> nodes.table:
    group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in head), cols=len(head))
    group += nodes.thead("", _row([[nodes.Text(name)] for name in head]))
    group += nodes.tbody("", *map(_row, rows))
    return nodes.table("", group, classes=["colwidths-auto", "syllabus-table"])


def _row(cells: Sequence[Sequence[nodes.Node]]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", *cell)) for cell in cells))


def register(app: Sphinx) -> None:
    """Make the directives known to Sphinx."""
    app.add_directive("question-index", QuestionIndex)
    app.add_directive("chapter-pages", ChapterPages)
    app.add_directive("chapter-exercises", ChapterExercises)
    app.add_directive("chapter-list", ChapterList)
