"""Whether a chapter's pages keep the contract of its syllabus.

A question is answered where its page has, in this order: the label ``(<chapter>/<id>)=``, the
heading with the English wording, the Chinese wording in emphasis, a *Short answer* of at most 60
words, and the folded *Follow-ups*. The checks read the Markdown of the notebook, so that the test
suite and the site (which turns every problem into a build failure) say the same. They do not
judge what an answer says.
"""

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from handtorch_classroom.syllabus import Chapter, Page

SHORT_ANSWER_WORDS = 60

LABEL = re.compile(r"\((?P<chapter>[\w-]+)/(?P<id>[^)\s]+)\)=\s*")
HEADING = re.compile(r"(?P<marks>#{1,6})\s+(?P<text>.*?)\s*#*\s*")
CHINESE = re.compile(r"\*(?P<text>[^*].*?)\*\s*")
DIRECTIVE = re.compile(r"(?P<fence>:{3,})\{(?P<name>[\w-]+)\}\s*(?P<title>.*?)\s*")
CODE_CELL = "\0code cell"  # stands in the lines of a page where a code cell stands
CJK = "㐀-䶿一-鿿豈-﫿"


@dataclass(frozen=True)
class _Section:
    """What follows one label, up to the next label or the end of the heading's section."""

    chapter: str
    id: str
    lines: tuple[str, ...]

    @property
    def full_lines(self) -> list[str]:
        return [line.strip() for line in self.lines if line.strip()]


def check_chapter(chapter: Chapter, root: Path) -> list[str]:
    """What is wrong with a chapter's pages, one sentence each; empty if the contract is kept."""
    problems: list[str] = []
    for page in chapter.pages:
        path = page_path(chapter, page, root)
        if path.is_file():
            problems += [f"{path}: {problem}" for problem in check_page(chapter, page, path)]
        else:
            problems.append(f"{path}: the page {page.name!r} of the syllabus does not exist")
    return problems


def page_path(chapter: Chapter, page: Page, root: Path) -> Path:
    """Where a page of the book stands."""
    return root / "book" / chapter.name / f"{page.name}.ipynb"


def check_page(chapter: Chapter, page: Page, path: Path) -> list[str]:
    """What is wrong with one page, one sentence each (without the path of the page)."""
    try:
        lines = markdown_lines(path)
    except (OSError, ValueError, KeyError, TypeError) as error:
        return [f"not a notebook: {error}"]
    problems = list(_check_title(page, lines))
    sections = [section for section in _sections(lines) if section.chapter == chapter.name]
    found = [section.id for section in sections]
    expected = [question.id for question in page.questions]
    problems += _check_ids(chapter, found, expected)
    wanted = {question.id: question for question in page.questions}
    for section in sections:
        if question := wanted.get(section.id):
            problems += [
                f"question {question.id!r}: {problem}"
                for problem in _check_answer(section, question.en, question.zh)
            ]
    return problems


def markdown_lines(path: Path) -> list[str]:
    """The Markdown of a notebook, line by line and without code blocks.

    Raises:
        ValueError: if the file is not JSON.
        KeyError, TypeError: if it is JSON but no notebook.
    """
    lines: list[str] = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "markdown":
            lines += [*_without_code("".join(cell["source"]).splitlines()), ""]
        elif cell["cell_type"] == "code":
            lines.append(CODE_CELL)
    return lines


def count_words(markdown: str) -> int:
    """How many words one says when reading the text aloud.

    A formula and a textual citation count as one word, a parenthetical citation as none, Chinese
    as one word for two characters; marks without a letter or digit are not words.

    Example: ``count_words("The *byte-level* `decode(x) == y` of $O(n)$ costs 2×.") -> 8``
    """
    text = re.sub(r"\{cite:p\}`[^`]*`", " ", markdown)
    text = re.sub(r"\{[\w:]+\}`[^`<]*?\s*(<[^`]*>)?`", " role ", text)
    text = re.sub(r"(?<!\\)(\$\$?)(?=\S).+?(?<=\S)\1", " formula ", text, flags=re.DOTALL)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r" \1 ", text)
    text = re.sub(r"[/—–]|--+", " ", text)
    chinese = sum(len(run) for run in re.findall(f"[{CJK}]+", text))
    words = re.sub(f"[{CJK}]+", " ", text).split()
    return (chinese + 1) // 2 + sum(any(c.isalnum() for c in word) for word in words)


def _check_title(page: Page, lines: list[str]) -> Iterator[str]:
    full = [line for line in lines if line.strip()][:2]
    heading = HEADING.fullmatch(full[0]) if full else None
    if not heading or heading["marks"] != "#":
        yield f"the page must begin with its title, '# {page.title.en}'"
        return
    if _plain(heading["text"]) != _plain(page.title.en):
        yield f"the title is {heading['text']!r}; the syllabus has {page.title.en!r}"
    chinese = CHINESE.fullmatch(full[1].strip()) if len(full) > 1 else None
    if not chinese or _plain(chinese["text"]) != _plain(page.title.zh):
        yield f"under the title must stand its Chinese wording, '*{page.title.zh}*'"


def _check_ids(chapter: Chapter, found: list[str], expected: list[str]) -> Iterator[str]:
    home = {question.id: page.name for page in chapter.pages for question in page.questions}
    for id in dict.fromkeys(found):
        if found.count(id) > 1:
            yield f"the label '{chapter.name}/{id}' stands there {found.count(id)} times"
        if id not in home:
            yield f"the label '{chapter.name}/{id}' is no question of the syllabus"
        elif id not in expected:
            yield f"question {id!r} belongs on the page {home[id]!r}"
    for id in expected:
        if id not in found:
            yield f"question {id!r} is not answered: no label '({chapter.name}/{id})='"
    here = [id for id in dict.fromkeys(found) if id in expected]
    if here != [id for id in expected if id in here]:
        yield f"the questions stand in the order {', '.join(here)}; the syllabus has another"


def _check_answer(section: _Section, en: str, zh: str) -> Iterator[str]:
    lines = section.full_lines
    heading = HEADING.fullmatch(lines[0]) if lines else None
    if not heading:
        yield "the line after the label must be its heading"
        return
    if _plain(heading["text"]) != _plain(en):
        yield f"the heading is {heading['text']!r}; the syllabus has {en!r}"
    chinese = CHINESE.fullmatch(lines[1]) if len(lines) > 1 else None
    if not chinese or _plain(chinese["text"]) != _plain(zh):
        yield f"under the heading must stand its Chinese wording, '*{zh}*'"
    blocks = list(_directives(section.lines))
    answers = [body for name, _, body in blocks if name == "admonition" and "short-answer" in body]
    if len(answers) != 1:
        yield f"has {len(answers)} admonitions of class 'short-answer' and must have one"
    for body in answers:
        words = count_words(re.sub(r"(?m)^\s*:\w+:.*$", "", body))
        if not 0 < words <= SHORT_ANSWER_WORDS:
            yield f"the short answer has {words} words; allowed are 1 to {SHORT_ANSWER_WORDS}"
    if not any(name == "dropdown" and title == "Follow-ups" for name, title, _ in blocks):
        yield "has no dropdown 'Follow-ups'"


def _sections(lines: list[str]) -> Iterator[_Section]:
    """The labelled sections of a page; a section ends where a heading of its level begins."""
    starts = [i for i, line in enumerate(lines) if LABEL.fullmatch(line.strip())]
    for start, following in zip(starts, [*starts[1:], len(lines)]):
        label = LABEL.fullmatch(lines[start].strip())
        assert label
        body, level = [], 0
        for line in lines[start + 1 : following]:
            if heading := HEADING.fullmatch(line):
                if level and len(heading["marks"]) <= level:
                    break
                level = level or len(heading["marks"])
            body.append(line)
        yield _Section(label["chapter"], label["id"], tuple(body))


def _directives(lines: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    """The colon-fenced directives: (name, title, body with its options)."""
    for start, line in enumerate(lines):
        if opening := DIRECTIVE.fullmatch(line.strip()):
            body = []
            for inner in lines[start + 1 :]:
                if inner.strip() == opening["fence"]:
                    break
                body.append(inner)
            yield opening["name"], opening["title"], "\n".join(body)


def _without_code(lines: list[str]) -> Iterator[str]:
    """The lines outside ``` blocks, where a '#' would be no heading."""
    fence = ""
    for line in lines:
        stripped = line.lstrip()
        if fence:
            if stripped.startswith(fence) and not stripped.strip("`~ "):
                fence = ""
        elif opening := re.match(r"`{3,}|~{3,}", stripped):
            fence = opening[0]
        else:
            yield line


def _plain(text: str) -> str:
    """Text as compared: without Markdown's escapes, runs of spaces as one."""
    unescaped = re.sub(r"\\([^\w\s])", r"\1", text)
    return " ".join(unicodedata.normalize("NFC", unescaped).split())
