"""What a chapter must answer: ``book/<chapter>/syllabus.yml``, read and validated.

The syllabus is the contract between the question lists, the pages and the exercises. Everything
that needs to know which questions exist (the site, the coverage test, the table of contents)
reads it here. It says nothing about whether the pages keep the contract: see ``answers.py``.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

PARTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Text", ("tokenizer", "embedding", "classic_nlp")),
    (
        "The model",
        ("layers", "attention", "position", "efficient_attention", "architecture", "moe"),
    ),
    ("Training", ("pretraining", "optimization", "memory", "distributed", "data")),
    ("Adapting", ("finetuning", "rl", "reasoning", "safety")),
    (
        "Using",
        (
            "decoding",
            "prompt",
            "rag",
            "agent",
            "function_call",
            "code_generation",
            "long_context",
            "multimodal",
        ),
    ),
    ("Running and judging", ("inference", "system_design", "evaluation", "interpretability")),
)
"""The order of the book: (part, its chapters)."""

CHAPTERS = tuple(chapter for _, chapters in PARTS for chapter in chapters)
FILE_NAME = "syllabus.yml"
QUESTION_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
NAME = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")


class SyllabusError(Exception):
    """A syllabus that cannot be read or accepted; the message is one sentence for a person."""


@dataclass(frozen=True)
class Title:
    """A title in English and in Chinese."""

    en: str
    zh: str


@dataclass(frozen=True)
class Question:
    """A question that a page answers under the anchor `id`."""

    id: str
    en: str
    zh: str
    refs: tuple[str, ...] = ()
    note: str | None = None


@dataclass(frozen=True)
class Page:
    """A notebook of the book and the questions on it, in their order."""

    name: str
    title: Title
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Exercise:
    """What the reader implements; taught on `page`. `extra`: no question list asks for it."""

    id: str
    page: str
    en: str
    zh: str
    refs: tuple[str, ...] = ()
    extra: bool = False
    note: str | None = None

    @property
    def summary(self) -> str:
        """The statement up to its first colon: a title for an exercise not written yet."""
        return self.en.split(":")[0].rstrip(".")


@dataclass(frozen=True)
class Chapter:
    """One syllabus file."""

    name: str
    title: Title
    pages: tuple[Page, ...]
    exercises: tuple[Exercise, ...] = field(default=())

    @property
    def questions(self) -> tuple[Question, ...]:
        """All questions of the chapter in teaching order."""
        return tuple(question for page in self.pages for question in page.questions)

    def page(self, name: str) -> Page:
        """The page of that name.

        Raises:
            KeyError: if the chapter has no such page.
        """
        for page in self.pages:
            if page.name == name:
                return page
        raise KeyError(name)

    def exercises_on(self, page: str) -> tuple[Exercise, ...]:
        """The exercises taught on the page of that name."""
        return tuple(exercise for exercise in self.exercises if exercise.page == page)


def load_chapter(path: Path) -> Chapter:
    """Read and validate one ``syllabus.yml``.

    Raises:
        SyllabusError: if the file is missing, is not YAML, or breaks a rule of the format; the
            message names the file, the entry, what is wrong and what is allowed.
    """
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SyllabusError(f"{path}: no such syllabus") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise SyllabusError(f"{path}: not a YAML file: {reason}") from error
    return _chapter(_Entry(raw, str(path), "the file"), path.parent.name)


def load_chapters(root: Path) -> tuple[Chapter, ...]:
    """All chapters with a syllabus under ``root/book``, in the order of the book.

    Raises:
        SyllabusError: if a syllabus is invalid or stands in a folder that is no chapter.
    """
    paths = {path.parent.name: path for path in root.glob(f"book/*/{FILE_NAME}")}
    for name, path in sorted(paths.items()):
        if name not in CHAPTERS:
            raise SyllabusError(f"{path}: {name!r} is not a chapter of the book (see syllabus.py)")
    return tuple(load_chapter(paths[name]) for name in CHAPTERS if name in paths)


def chapters_in_the_book(root: Path) -> tuple[Chapter, ...]:
    """The chapters that are part of the book already: those with a ``book/<chapter>/index.md``."""
    chapters = load_chapters(root)
    return tuple(c for c in chapters if (root / "book" / c.name / "index.md").is_file())


@dataclass(frozen=True)
class _Entry:
    """A piece of the file together with the words that say where it stands."""

    raw: object
    file: str
    place: str

    def fail(self, problem: str) -> SyllabusError:
        return SyllabusError(f"{self.file}: {self.place}: {problem}")

    def fields(self, required: str, optional: str = "") -> None:
        """Require a mapping with these keys and no other."""
        if not isinstance(self.raw, dict):
            raise self.fail(f"must be a mapping, not {type(self.raw).__name__}")
        keys, allowed = set(map(str, self.raw)), {*required.split(), *optional.split()}
        for key in required.split():
            if key not in keys:
                raise self.fail(f"{key!r} is missing")
        if unknown := sorted(keys - allowed):
            raise self.fail(f"unknown key {unknown[0]!r}; allowed are {', '.join(sorted(allowed))}")

    def text(self, key: str, pattern: re.Pattern[str] | None = None) -> str:
        value = self.mapping[key]
        if not isinstance(value, str) or not value.strip():
            raise self.fail(f"{key!r} must be text that is not empty, not {value!r}")
        if pattern and not pattern.fullmatch(value):
            raise self.fail(f"{key!r} is {value!r} but must match {pattern.pattern}")
        return " ".join(value.split())

    def optional_text(self, key: str) -> str | None:
        return self.text(key) if key in self.mapping else None

    def flag(self, key: str) -> bool:
        value = self.mapping.get(key, False)
        if not isinstance(value, bool):
            raise self.fail(f"{key!r} must be true or false, not {value!r}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        return tuple(str(entry.raw) for entry in self.entries(key, "an entry", of=str))

    def entries(self, key: str, noun: str, of: type = dict) -> Iterator["_Entry"]:
        """The items of a list, each placed by its id (or its page's name, or its number)."""
        items = self.mapping[key]
        if not isinstance(items, list):
            raise self.fail(f"{key!r} must be a list, not {type(items).__name__}")
        for number, item in enumerate(items, start=1):
            named = item.get("id", item.get("page")) if isinstance(item, dict) else None
            where = f"{noun} {named!r}" if named else f"{noun} number {number} of {key!r}"
            entry = _Entry(item, self.file, where)
            if not isinstance(item, of):
                raise entry.fail(f"must be a {of.__name__}, not {type(item).__name__}")
            yield entry

    @property
    def mapping(self) -> Mapping[str, object]:
        """The mapping, after `fields` has accepted it."""
        assert isinstance(self.raw, dict)
        return self.raw


def _chapter(entry: _Entry, folder: str) -> Chapter:
    entry.fields("chapter title pages exercises")
    name = entry.text("chapter", NAME)
    if name != folder:
        raise entry.fail(f"'chapter' is {name!r} but the file stands in the folder {folder!r}")
    pages = tuple(_page(page) for page in entry.entries("pages", "page"))
    if not pages:
        raise entry.fail("'pages' is empty; a chapter has at least one page")
    exercises = tuple(_exercise(item) for item in entry.entries("exercises", "exercise"))
    chapter = Chapter(name, _title(entry), pages, exercises)
    _require_unique(entry, "page", [page.name for page in pages])
    _require_unique(entry, "question", [question.id for question in chapter.questions])
    _require_unique(entry, "exercise", [exercise.id for exercise in exercises])
    for exercise in exercises:
        if exercise.page not in {page.name for page in pages}:
            known = ", ".join(page.name for page in pages)
            raise entry.fail(
                f"exercise {exercise.id!r} is taught on {exercise.page!r}, which is no page of the "
                f"chapter ({known})"
            )
    return chapter


def _page(entry: _Entry) -> Page:
    entry.fields("page title questions")
    questions = tuple(_question(item) for item in entry.entries("questions", "question"))
    if not questions:
        raise entry.fail("'questions' is empty; a page answers at least one")
    return Page(entry.text("page", NAME), _title(entry), questions)


def _title(entry: _Entry) -> Title:
    title = _Entry(entry.mapping["title"], entry.file, f"{entry.place}, its title")
    title.fields("en zh")
    return Title(title.text("en"), title.text("zh"))


def _question(entry: _Entry) -> Question:
    entry.fields("id en zh refs", "note")
    return Question(
        entry.text("id", QUESTION_ID),
        entry.text("en"),
        entry.text("zh"),
        entry.texts("refs"),
        entry.optional_text("note"),
    )


def _exercise(entry: _Entry) -> Exercise:
    entry.fields("id page en zh refs", "extra note")
    return Exercise(
        entry.text("id", NAME),
        entry.text("page", NAME),
        entry.text("en"),
        entry.text("zh"),
        entry.texts("refs"),
        entry.flag("extra"),
        entry.optional_text("note"),
    )


def _require_unique(entry: _Entry, noun: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise entry.fail(f"{noun} {name!r} stands there {names.count(name)} times")
