"""Directives that make the site's lists from the syllabus, so that no list is kept by hand.

``{question-index}``     every question and exercise of the book, with a filter
``{chapter-pages}``      the pages of the chapter in whose folder it stands, with their questions
``{chapter-exercises}``  its exercises: page, difficulty, minutes
``{chapter-list}``       the chapters of the book with what is in each

Links go through Sphinx's references: one that leads nowhere is a warning.
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

from handtorch_classroom.syllabus import (
    Chapter,
    Exercise,
    Page,
    Question,
    SyllabusError,
    chapters_in_the_book,
)

logger = logging.getLogger(__name__)

DIFFICULTIES = {1: "easy", 2: "medium", 3: "hard"}
FILTER = """
<form class="question-filter" role="search" aria-label="Questions and exercises" hidden>
  <div class="question-filter-text">
    <label for="question-filter-q">Filter by words, English or Chinese</label>
    <input id="question-filter-q" name="q" type="search" autocomplete="off" spellcheck="false"
      placeholder="merge rules, 词表 …">
  </div>
  <div class="question-filter-chapter">
    <label for="question-filter-chapter">Chapter</label>
    <select id="question-filter-chapter" name="chapter">
      <option value="">All chapters</option>
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
    heading = re.search(r"^#\s+(.+?)\s*#*\s*$", first, re.MULTILINE)
    difficulty, minutes = facts.get("difficulty"), facts.get("minutes")
    if difficulty is not None and difficulty not in DIFFICULTIES:
        raise ValueError(f"{path}: metadata handtorch.difficulty is {difficulty!r}, not 1, 2 or 3")
    if minutes is not None and not (isinstance(minutes, int) and minutes > 0):
        raise ValueError(f"{path}: metadata handtorch.minutes is {minutes!r}, not a whole number")
    return ExerciseFacts(heading[1] if heading else exercise.summary, difficulty, minutes)


def is_question_filter(node: nodes.Node) -> bool:
    """Whether the node is the form of ``{question-index}``, which needs its script."""
    return isinstance(node, nodes.raw) and node.get("question_filter", False)


class _SyllabusDirective(SphinxDirective):
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

    def question_link(self, chapter: Chapter, question: Question) -> nodes.Node:
        inner = nodes.inline(question.en, question.en)
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


class QuestionIndex(_SyllabusDirective):
    """All questions and exercises, by chapter and page; question_index.js adds the filter."""

    def render(self, chapters: tuple[Chapter, ...]) -> list[nodes.Node]:
        options = [
            f'<option value="{html.escape(c.name)}">{html.escape(c.title.en)}</option>'
            for c in chapters
        ]
        form = nodes.raw("", FILTER.format(options="\n      ".join(options)), format="html")
        form["question_filter"] = True
        return [form, *(self.chapter(chapter) for chapter in chapters)]

    def chapter(self, chapter: Chapter) -> nodes.section:
        section = self.section(
            chapter.name, [self.link(_index(chapter), chapter.title.en), *_aside(chapter.title.zh)]
        )
        section["classes"].append("question-chapter")
        for page in self.pages(chapter):
            title = [self.link(_page(chapter, page.name), page.title.en), *_aside(page.title.zh)]
            items = [self.question(chapter, question) for question in page.questions]
            section += self.group(f"{chapter.name}-{page.name}", title, items)
        if chapter.exercises:
            items = [self.exercise(chapter, exercise) for exercise in chapter.exercises]
            title = [nodes.Text("Exercises"), *_aside("练习")]
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
            _chinese(question.zh),
            classes=["question-item"],
        )

    def exercise(self, chapter: Chapter, exercise: Exercise) -> nodes.list_item:
        facts = self.facts(chapter, exercise)
        head = nodes.paragraph("", "", self.link(_exercise(chapter, exercise), facts.title))
        if words := _measures(facts):
            head += nodes.inline("", f" {words}", classes=["exercise-measures"])
        page = chapter.page(exercise.page)
        taught = nodes.paragraph("", "Taught in ", classes=["exercise-page"])
        taught += [self.link(_page(chapter, page.name), page.title.en), nodes.Text(".")]
        statement = nodes.paragraph("", "", *_inline(exercise.en))
        body = [head, statement, _chinese(exercise.zh), taught]
        return nodes.list_item("", *body, classes=["question-item", "exercise-item"])


class ChapterPages(_SyllabusDirective):
    """The pages of the chapter and, under each, the questions that it answers."""

    def render(self, chapters: tuple[Chapter, ...]) -> list[nodes.Node]:
        chapter = self.chapter_here(chapters)
        items = []
        for page in self.pages(chapter):
            head = nodes.paragraph("", "", self.link(_page(chapter, page.name), page.title.en))
            head += _aside(page.title.zh)
            questions = [
                nodes.list_item("", nodes.paragraph("", "", self.question_link(chapter, question)))
                for question in page.questions
            ]
            items.append(nodes.list_item("", head, nodes.bullet_list("", *questions)))
        return [nodes.enumerated_list("", *items, classes=["chapter-pages"])] if items else []


class ChapterExercises(_SyllabusDirective):
    """A table of the chapter's exercises."""

    def render(self, chapters: tuple[Chapter, ...]) -> list[nodes.Node]:
        chapter = self.chapter_here(chapters)
        rows = []
        for page in chapter.pages:  # in teaching order
            for exercise in chapter.exercises_on(page.name):
                facts = self.facts(chapter, exercise)
                rows.append(
                    [
                        [self.link(_exercise(chapter, exercise), facts.title)],
                        [self.link(_page(chapter, page.name), page.title.en)],
                        [nodes.Text(DIFFICULTIES.get(facts.difficulty or 0, "–"))],
                        [nodes.Text(str(facts.minutes or "–"))],
                    ]
                )
        return [_table(["Exercise", "Taught in", "Difficulty", "Minutes"], rows)] if rows else []


class ChapterList(_SyllabusDirective):
    """The chapters of the book, counted."""

    def render(self, chapters: tuple[Chapter, ...]) -> list[nodes.Node]:
        rows = []
        for chapter in chapters:
            title = [self.link(_index(chapter), chapter.title.en), *_aside(chapter.title.zh)]
            counts = (len(chapter.pages), len(chapter.questions), len(chapter.exercises))
            rows.append([title, *([nodes.Text(str(count))] for count in counts)])
        return [_table(["Chapter", "Pages", "Questions", "Exercises"], rows)] if rows else []


def _index(chapter: Chapter) -> str:
    return f"book/{chapter.name}/index"


def _page(chapter: Chapter, page: str) -> str:
    return f"book/{chapter.name}/{page}"


def _exercise(chapter: Chapter, exercise: Exercise) -> str:
    return f"exercises/{chapter.name}/{exercise.id}"


def _measures(facts: ExerciseFacts) -> str:
    words = [DIFFICULTIES[facts.difficulty]] if facts.difficulty else []
    return ", ".join([*words, *([f"{facts.minutes} min"] if facts.minutes else [])])


def _inline(text: str) -> list[nodes.Node]:
    """Text whose `code` between backticks is code: the only markup of the syllabus."""
    pieces = text.split("`")
    return [
        nodes.literal(piece, piece) if i % 2 else nodes.Text(piece)
        for i, piece in enumerate(pieces)
        if piece
    ]


def _chinese(text: str) -> nodes.paragraph:
    return nodes.paragraph("", "", *_inline(text), classes=["chinese-line"])


def _aside(chinese: str) -> list[nodes.Node]:
    inline = nodes.inline(chinese, chinese, classes=["chinese-aside"])
    return [nodes.Text(" "), inline]


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
