"""The translations in ``locale/``: brought up to date with the pages, and checked.

A page has one file, ``locale/zh_CN/LC_MESSAGES/<page>.po``: the paragraphs in their order, each
with its Chinese. ``make translate`` takes the paragraphs from the pages as Sphinx reads them. A
paragraph that is new stands there without a translation: it is *missing*. One that was changed
keeps the old translation, marked ``fuzzy`` with the old English above it: it is *stale*, and the
site shows the English until someone has looked at it and taken the mark away.

The check of a translation does not judge its Chinese: it compares what must be the same, which is
code, formulas, links, citations and numbers, and says where Markdown would not read as meant.
"""

import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import denormalize, read_po, write_po
from markdown_it import MarkdownIt

from handtorch_classroom.chinese import LANGUAGE, WORDS
from handtorch_classroom.site_build import run_jupyter_book, write_toc

FOLDER = Path("locale") / LANGUAGE / "LC_MESSAGES"
HEADER = """\
# {page} in Chinese. `make translate` keeps the entries in step with the page.
msgid ""
msgstr ""
"Language: zh_CN\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""
PARTS = frozenset(WORDS)  # the captions of _toc.yml, which the root page holds
SHARED_WORDS = 6  # a paragraph of so many words means the same on every page


class TranslationError(Exception):
    """A page that cannot be translated; the message is one sentence for a person."""


@dataclass(frozen=True)
class Status:
    """How far the translation of one page has come."""

    page: str
    total: int
    missing: tuple[str, ...]
    stale: tuple[str, ...]

    def __str__(self) -> str:
        if not self.missing and not self.stale:
            return f"{self.page}: all {self.total} paragraphs"
        return (
            f"{self.page}: {len(self.missing)} of {self.total} paragraphs missing, "
            f"{len(self.stale)} stale"
        )


def translated_pages(root: Path) -> list[str]:
    """The pages whose translation has begun, such as ``book/notation``."""
    folder = root / FOLDER
    return sorted(p.relative_to(folder).with_suffix("").as_posix() for p in folder.rglob("*.po"))


def refresh(root: Path, begin: Sequence[str] = ()) -> list[Status]:
    """Bring every translation up to date with its page, and begin those of the pages `begin`.

    Raises:
        TranslationError: if a page is not in the book.
        SiteError: if a page cannot be read.
    """
    texts = paragraphs(root)
    if unknown := set(begin) - texts.keys():
        raise TranslationError(f"{min(unknown)!r} is no page of the book: try book/notation")
    shared = _shared(root)
    pages = sorted({*translated_pages(root), *begin})
    for page in pages:
        path = _path(root, page)
        if page not in texts:  # the page was removed or renamed
            path.unlink()
            continue
        text = _dump(_updated(_read(path), texts[page], shared), page)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return [status(root, page) for page in pages if page in texts]


def out_of_step(root: Path) -> list[str]:
    """Which paragraphs of the translated pages are not as in the pages, one sentence each."""
    texts = paragraphs(root)
    found: list[str] = []
    for page in translated_pages(root):
        known = [str(message.id) for message in _messages(_read(_path(root, page)))]
        now = texts.get(page, [])
        found += [f"{page}: new or changed: {_short(text)}" for text in now if text not in known]
        found += [f"{page}: no longer there: {_short(text)}" for text in known if text not in now]
    return found


def status(root: Path, page: str) -> Status:
    """What its file says of a page's translation."""
    messages = list(_messages(_read(_path(root, page))))
    missing = tuple(str(m.id) for m in messages if not m.string)
    stale = tuple(str(m.id) for m in messages if m.string and m.fuzzy)
    return Status(page, len(messages), missing, stale)


def translations(root: Path, page: str) -> dict[str, str]:
    """English → Chinese, of what the site shows in Chinese."""
    messages = _messages(_read(_path(root, page)))
    return {str(m.id): str(m.string) for m in messages if m.string and not m.fuzzy}


def paragraphs(root: Path) -> dict[str, list[str]]:
    """Page → its paragraphs to translate, in order, as Sphinx's gettext builder extracts them.

    Raises:
        SiteError: if a page cannot be read.
    """
    folder = root / "_build" / "translate"
    folder.mkdir(parents=True, exist_ok=True)
    write_toc(root)
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    config["sphinx"]["config"] |= {
        "gettext_location": False,
        # A figure that a cell draws counts, for its alt text.
        "nb_mime_priority_overrides": [["gettext", "image/png", 1], ["gettext", "text/plain", 2]],
    }
    path = folder / "_config.yml"
    path.write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    options = ("--path-output", folder, "--config", path, "--builder", "custom")
    run_jupyter_book(root, *map(str, options), "--custom-builder", "gettext")
    output = folder / "_build" / "gettext"
    return {
        path.relative_to(output).with_suffix("").as_posix(): [
            str(message.id) for message in _messages(_read(path)) if message.id not in PARTS
        ]
        for path in sorted(output.rglob("*.pot"))
    }


# The file of a page


def _path(root: Path, page: str) -> Path:
    return root / FOLDER / f"{page}.po"


def _read(path: Path) -> Catalog:
    if not path.is_file():
        return Catalog(locale=LANGUAGE)
    with path.open("rb") as file:
        return read_po(file, locale=LANGUAGE, abort_invalid=True)


def _messages(catalog: Catalog) -> Iterator[Message]:
    yield from (message for message in catalog if message.id)


def _shared(root: Path) -> dict[str, str]:
    """Long paragraphs that are translated on some page: an exercise and its solution share many."""
    return {
        english: chinese
        for page in translated_pages(root)
        for english, chinese in translations(root, page).items()
        if len(english.split()) >= SHARED_WORDS
    }


def _updated(catalog: Catalog, texts: Sequence[str], shared: dict[str, str]) -> Catalog:
    template = Catalog()
    for text in texts:
        template.add(text)
        if text in shared and not catalog.get(text):
            catalog.add(text, shared[text])
    before = {message.id: _previous(message) for message in _messages(catalog) if message.fuzzy}
    catalog.update(template, update_header_comment=False)
    catalog.obsolete.clear()  # git keeps what is gone
    for message in _messages(catalog):
        message.user_comments = []  # all that stands there is old English, in broken lines
        if not message.fuzzy:
            message.previous_id = []
        elif message.id in before:
            message.previous_id = before[message.id]
    return catalog


def _previous(message: Message) -> list[str]:
    """The old English of a stale entry, which Babel writes but does not read."""
    lines = [line.removeprefix("|").strip() for line in message.user_comments]
    # Its lines are wrapped without regard to the strings' ends; what follows a break has no "|".
    strings = re.findall(r'"((?:[^"\\]|\\.)*)"', " ".join(lines))
    return ["".join(denormalize(f'"{string}"') for string in strings)] if lines else []


def _dump(catalog: Catalog, page: str) -> str:
    """The text of a file, without dates and line numbers, which would differ each time."""
    buffer = io.BytesIO()
    write_po(buffer, catalog, width=100, omit_header=True, include_previous=True)
    return HEADER.format(page=page) + buffer.getvalue().decode().strip() + "\n"


def _short(text: str) -> str:
    return text if len(text) <= 70 else f"{text[:67]}…"


# What a translation must keep

KEPT = {  # in this order: what one has found, the next does not see
    "a citation or reference": re.compile(r"(?<![\\\w])(?P<it>\{[\w:-]+\}`[^`]+`)"),
    "code": re.compile(r"(?P<marks>`+)(?P<it>.+?)(?P=marks)(?!`)"),
    "a formula": re.compile(r"(?<![\\$])\$(?P<it>[^$]+)\$"),
    "a link": re.compile(r"\]\((?P<it>[^()\s]+(?:\([^()]*\)[^()\s]*)*)\)"),
}
REPEATABLE = ("code", "a formula")  # a pronoun may stand for it in one language only
NUMBER = re.compile(
    r"(?P<digits>\d[\d,]*(?:\.\d+)?)\s*(?P<unit>thousand|million|billion|千万|百万|千|万|亿)?"
)
UNITS = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "千": 1e3, "万": 1e4}
UNITS |= {"百万": 1e6, "千万": 1e7, "亿": 1e8}
NUMERAL = re.compile(
    r"\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|first|second|third|"
    r"fourth|tenth|half|twice|both|once|hundred|thousand|million|billion|dozen|single|a|an|each|"
    r"[a-z]+teen|[a-z]+ty|January|February|March|April|May|June|July|August|September|October|"
    r"November|December)\b",
    re.IGNORECASE,
)
MARKDOWN = MarkdownIt("commonmark")


def problems(english: str, chinese: str) -> list[str]:
    """What a translation lost, added, or wrote so that Markdown does not read it as meant."""
    found: list[str] = []
    prose_en, prose_zh = english, chinese
    for name, pattern in KEPT.items():
        before = Counter(match["it"] for match in pattern.finditer(prose_en))
        after = Counter(match["it"] for match in pattern.finditer(prose_zh))
        if name in REPEATABLE:
            before, after = Counter(before.keys()), Counter(after.keys())
        found += [f"{name} is lost: {text}" for text in before - after]
        found += [f"{name} is added: {text}" for text in after - before]
        prose_en, prose_zh = pattern.sub(" ", prose_en), pattern.sub(" ", prose_zh)
    lost = _numbers(prose_en) - _numbers(prose_zh)
    added = _numbers(prose_zh) - _numbers(prose_en)
    found += [f"a number is lost: {number:g}" for number in lost]
    if added.total() > len(NUMERAL.findall(prose_en)):  # "four times" may become 4 倍
        found += [f"a number is added: {number:g}" for number in added]
    return [*found, *_markup(chinese)]


def _numbers(prose: str) -> Counter[float]:
    return Counter(
        round(float(match["digits"].replace(",", "")) * UNITS.get(match["unit"] or "", 1), 9)
        for match in NUMBER.finditer(prose)
    )


def _markup(markdown: str) -> list[str]:
    tokens = MARKDOWN.parse(re.sub(r"(`+|\$).+?\1", "x", markdown))
    if [token.type for token in tokens] != ["paragraph_open", "inline", "paragraph_close"]:
        return ["it does not read as one paragraph"]
    text = "".join(child.content for child in tokens[1].children or [] if child.type == "text")
    return ["a * is left over: ** beside punctuation needs a space"] if "*" in text else []
