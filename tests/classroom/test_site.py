"""The site: what the checks of an answer say, and a small book that is built, broken and mended."""

import json
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from handtorch_classroom.answers import check_page, count_words, page_path
from handtorch_classroom.notebooks import KERNEL
from handtorch_classroom.site_build import SiteError, build_site, table_of_contents, write_toc
from handtorch_classroom.site_lists import exercise_facts
from handtorch_classroom.syllabus import Chapter, load_chapter

ROOT = Path(__file__).parents[2]

SYLLABUS = """
chapter: tokenizer
title: {en: Tokenizers, zh: 分词器}
pages:
- page: first
  title: {en: The first page, zh: 第一页}
  questions:
  - {id: what-it-is, en: 'What are [CLS] and [SEP]?', zh: '[CLS] 和 [SEP] 是什么？', refs: []}
  - {id: why-so, en: 'Why so?', zh: 为什么？, refs: []}
- page: second
  title: {en: The second page, zh: 第二页}
  questions:
  - {id: how, en: 'How?', zh: 怎样？, refs: []}
exercises:
- {id: write_it, page: first, en: 'Write `it`: all of it.', zh: 编写 `it`。, refs: []}
- {id: later, page: second, en: 'Write the rest: `f(x)`.', zh: 编写其余。, refs: []}
"""

THIRD_PAGE = """\
- page: third
  title: {en: The third page, zh: 第三页}
  questions:
  - {id: whence, en: 'Whence?', zh: 何来？, refs: []}
"""

ANSWER = """\
(tokenizer/{id})=
## {en}

*{zh}*

:::{{admonition}} Short answer
:class: short-answer

Two words.
:::

The full answer, with $E = mc^2$. {more}

```python
# no heading
```

:::{{dropdown}} Follow-ups
**And then?** Nothing.
:::
"""


def answer(id: str, en: str, zh: str, more: str = "") -> str:
    return ANSWER.format(id=id, en=en, zh=zh, more=more)


FIRST = [
    "# The first page\n\n*第一页*\n\nWhat it is about.",
    answer("what-it-is", r"What are \[CLS\] and \[SEP\]?", "[CLS] 和 [SEP] 是什么？"),
    answer(
        "why-so",
        "Why so?",
        "为什么？",
        "See [here](#tokenizer/what-it-is), [there](second.ipynb#how), [the label](#tokenizer/how) "
        "and [the exercise](../../exercises/tokenizer/write_it.ipynb) of {cite:t}`sennrich2016`.",
    ),
]
SECOND = ["# The second page\n\n*第二页*\n\nMore.", answer("how", "How?", "怎样？")]


def notebook(*cells: str, metadata: dict[str, object] | None = None) -> str:
    """Notebook text; a cell that begins with ``>>>`` is code."""
    made = []
    for number, text in enumerate(cells):
        code = text.startswith(">>>")
        cell = {
            "cell_type": "code" if code else "markdown",
            "id": f"cell-{number}",
            "metadata": {},
            "source": text.removeprefix(">>>").strip().splitlines(keepends=True),
        }
        made.append(cell | ({"execution_count": None, "outputs": []} if code else {}))
    python = {"language_info": {"name": "python"}, "kernelspec": KERNEL}
    metadata = python | (metadata or {})
    whole = {"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, ensure_ascii=False)


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


# The checks of a page, without Sphinx.


@pytest.fixture
def chapter(tmp_path: Path) -> Chapter:
    return load_chapter(write(tmp_path / "book/tokenizer/syllabus.yml", SYLLABUS))


def problems(chapter: Chapter, folder: Path, *cells: str) -> list[str]:
    return check_page(chapter, chapter.pages[0], write(folder / "first.ipynb", notebook(*cells)))


def test_a_page_that_keeps_the_contract_has_no_problems(chapter: Chapter, tmp_path: Path) -> None:
    assert problems(chapter, tmp_path, *FIRST) == []
    assert problems(chapter, tmp_path, FIRST[0], ">>> import math", "\n\n".join(FIRST[1:])) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("# The first page\n", "# Page one\n", "the title is 'Page one'; the syllabus has"),
        ("*第一页*\n", "", "under the title must stand its Chinese wording"),
        ("# The first page\n\n", "", "the page must begin with its title"),
        ("(tokenizer/why-so)=\n", "", "question 'why-so' is not answered: no label"),
        ("/why-so)=", "/what-it-is)=", "the label 'tokenizer/what-it-is' stands there 2 times"),
        ("/why-so)=", "/why-not)=", "the label 'tokenizer/why-not' is no question"),
        ("/why-so)=", "/how)=", "question 'how' belongs on the page 'second'"),
        ("## Why so?", "## Why not?", "question 'why-so': the heading is 'Why not?'"),
        ("## Why so?", "Why so?", "question 'why-so': the line after the label must be"),
        ("*为什么？*", "*为什么*", "question 'why-so': under the heading must stand"),
        ("*为什么？*\n", "Text.\n", "question 'why-so': under the heading must stand"),
        ("Two words.", "word " * 61, "'what-it-is': the short answer has 61 words"),
        ("Two words.", "", "'what-it-is': the short answer has 0 words"),
        (":class: short-answer", ":class: note", "'what-it-is': has 0 admonitions of class"),
        ("} Follow-ups", "} More", "'what-it-is': has no dropdown 'Follow-ups'"),
    ],
)
def test_each_breach_of_the_contract_is_named(
    chapter: Chapter, tmp_path: Path, old: str, new: str, said: str
) -> None:
    text = "\n\n".join(FIRST)
    assert old in text
    found = problems(chapter, tmp_path, text.replace(old, new, 1))
    assert any(said in problem for problem in found), found


def test_questions_must_stand_in_the_order_of_the_syllabus(
    chapter: Chapter, tmp_path: Path
) -> None:
    (problem,) = problems(chapter, tmp_path, FIRST[0], FIRST[2], FIRST[1])
    assert problem.startswith("the questions stand in the order why-so, what-it-is;")


def test_a_code_cell_may_not_part_the_label_from_its_heading(
    chapter: Chapter, tmp_path: Path
) -> None:
    label, rest = FIRST[2].split("\n", 1)
    found = problems(chapter, tmp_path, *FIRST[:2], label, ">>> 1", rest)
    assert found == ["question 'why-so': the line after the label must be its heading"]


def test_a_file_that_is_no_notebook_is_a_problem(chapter: Chapter, tmp_path: Path) -> None:
    for text in ("{", "[]", '{"cells": 3}', "{}"):
        path = write(tmp_path / "first.ipynb", text)
        (problem,) = check_page(chapter, chapter.pages[0], path)
        assert problem.startswith("not a notebook: ")


@pytest.mark.parametrize(
    ("markdown", "words"),
    [
        ("One two three.", 3),
        ("A *byte-level* **tokenizer**, and/or more — or less.", 8),
        ("It costs $O(n \\log V)$ and $5 or $6.", 7),
        ("$$\nx = y\n$$\nholds", 2),
        ("Call `decode(encode(s)) == s`.", 3),
        ("See [the page](bpe.ipynb#how-to).", 3),
        ("As {cite:t}`sennrich2016` showed {cite:p}`gage1994,kudo2018subword`.", 3),
        ("The word 词元 is two.", 5),
        ("- • –", 0),
    ],
)
def test_words_are_counted_as_one_says_them(markdown: str, words: int) -> None:
    assert count_words(markdown) == words


# Exercises and the table of contents.


def test_an_exercise_is_described_by_its_notebook(chapter: Chapter, tmp_path: Path) -> None:
    exercise = chapter.exercises[0]
    assert exercise_facts(tmp_path, chapter, exercise).title == "Write `it`"
    path = tmp_path / "solutions/tokenizer/write_it.ipynb"
    write(path, notebook("# It, written", metadata={"handtorch": {"difficulty": 2, "minutes": 25}}))
    facts = exercise_facts(tmp_path, chapter, exercise)
    assert (facts.title, facts.difficulty, facts.minutes) == ("It, written", 2, 25)
    write(path, notebook("# It", metadata={"handtorch": {"difficulty": 4, "minutes": 25}}))
    with pytest.raises(ValueError, match=r"handtorch.difficulty is 4, not 1, 2 or 3"):
        exercise_facts(tmp_path, chapter, exercise)
    write(path, "{}")
    with pytest.raises(ValueError, match="not a notebook"):
        exercise_facts(tmp_path, chapter, exercise)


def test_the_table_of_contents_of_the_repository_is_up_to_date() -> None:
    text = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    assert text == table_of_contents(ROOT), "_toc.yml is out of date: run `make book`"


# A small book, built with the repository's own configuration.


def make_book(root: Path) -> Path:
    shutil.copy(ROOT / "_config.yml", write(root / "_config.yml", ""))
    for folder in ("_static", "_templates"):
        shutil.copytree(ROOT / "book" / folder, root / "book" / folder)
    book = root / "book"
    write(book / "intro.md", "# Book\n\n*书*\n\n```{chapter-list}\n```\n")
    write(book / "notation.md", "# Notation\n\n$x$\n")
    write(book / "questions.md", "# All questions\n\n```{question-index}\n```\n")
    write(book / "kill_table.md", "# The kill table\n\n*变异测试*\n")
    write(book / "practice.md", "# Flash cards\n\n```{flash-cards}\n```\n")
    write(book / "interview.md", "# Mock interview\n\n```{mock-interview}\n```\n")
    write(book / "references.md", "# References\n\n```{bibliography}\n```\n")
    write(
        book / "references.bib",
        "@misc{sennrich2016, author={Rico Sennrich}, title={BPE}, year={2016}}\n"
        "@misc{kudo2018, author={Taku Kudo}, title={Unigram}, year={2018}}\n",
    )
    write(book / "tokenizer/syllabus.yml", SYLLABUS)
    write(
        book / "tokenizer/index.md",
        "# Tokenizers\n\n```{chapter-pages}\n```\n\n```{chapter-exercises}\n```\n",
    )
    write(book / "tokenizer/first.ipynb", notebook(*FIRST))
    write(book / "tokenizer/second.ipynb", notebook(*SECOND, ">>> 1 + 1"))
    facts: dict[str, object] = {"handtorch": {"difficulty": 2, "minutes": 25}}
    for folder, body in (("exercises", "raise NotImplementedError"), ("solutions", "return 1")):
        cells = ("# It, written\n\n*写*", f">>> def it() -> int:\n    {body}\n")
        write(root / folder / "tokenizer/write_it.ipynb", notebook(*cells, metadata=facts))
    return root


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_book(tmp_path_factory.mktemp("book"))
    build_site(root)
    return root


def page(book: Path, name: str) -> str:
    return (book / "_build" / "html" / f"{name}.html").read_text(encoding="utf-8")


class Resources(HTMLParser):
    """What a page makes the browser load."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "link" and values.get("rel") not in ("next", "prev", "search", "index", "author"):
            self.addresses.append(values.get("href") or "")
        elif tag in ("script", "img", "iframe", "source", "video", "audio", "embed", "object"):
            self.addresses.append(values.get("src") or values.get("data") or "")


def loads_from_elsewhere_or_nowhere(site: Path) -> Iterator[str]:
    """Every address that a page of the site loads and that is not a file of the site."""
    for path in site.rglob("*.html"):
        if "_static" in path.relative_to(site).parts:
            continue
        resources = Resources()
        resources.feed(path.read_text(encoding="utf-8"))
        for address in filter(None, resources.addresses):
            parts = urlsplit(address)
            if parts.scheme == "data":
                continue
            if parts.scheme or parts.netloc or not (path.parent / unquote(parts.path)).is_file():
                yield f"{path.relative_to(site)}: {address}"
    for path in site.rglob("*.css"):
        text = path.read_text(encoding="utf-8")
        for address in re.findall(r"(?:url\(|@import)\s*[\"']?\s*((?:https?:)?//[^)\"'\s]+)", text):
            yield f"{path.relative_to(site)}: {address}"


def test_every_question_has_its_own_address(book: Path) -> None:
    html = page(book, "book/tokenizer/first")
    for id in ("what-it-is", "why-so"):
        assert f'<section id="{id}">' in html
        assert f'<a class="headerlink" href="#{id}"' in html
    assert "tokenizer-why-so" not in html


def test_links_to_questions_resolve(book: Path) -> None:
    html = page(book, "book/tokenizer/first")
    assert 'href="#what-it-is">here</a>' in html
    assert len(re.findall(r'href="second\.html#how"', html)) == 2  # by file, and by label
    assert 'href="../../exercises/tokenizer/write_it.html"' in html


def test_chinese_is_marked_as_chinese(book: Path) -> None:
    assert '<p class="chinese-line" lang="zh"><em>为什么？</em></p>' in page(
        book, "book/tokenizer/first"
    )
    assert 'lang="zh">第一页</span>' in page(book, "book/questions")


def test_all_questions_are_listed_in_both_languages_with_their_addresses(book: Path) -> None:
    html = page(book, "book/questions")
    for address, en, zh in (
        ("tokenizer/first.html#what-it-is", "What are [CLS] and [SEP]?", "[CLS] 和 [SEP] 是什么？"),
        ("tokenizer/first.html#why-so", "Why so?", "为什么？"),
        ("tokenizer/second.html#how", "How?", "怎样？"),
    ):
        assert re.search(f'href="{re.escape(address)}"><span[^>]*>{re.escape(en)}', html)
        assert f'<p class="chinese-line" lang="zh">{zh}</p>' in html
    assert html.count('class="question-item kind-concept"') == 3
    assert html.count('class="question-item exercise-item kind-code"') == 2
    assert "question_index.js" in html
    assert "hidden>" in html.split('<form class="question-filter"')[1].split("<label")[0]


def test_exercises_are_listed_with_difficulty_and_minutes(book: Path) -> None:
    html = page(book, "book/questions")
    assert 'href="../exercises/tokenizer/write_it.html"' in html
    assert "medium, 25 min" in html
    assert "later.html" not in html  # not written yet: listed, not linked
    assert "Write the rest" in html
    index = page(book, "book/tokenizer/index")
    assert 'href="../../exercises/tokenizer/write_it.html"' in index
    assert "<p>medium</p>" in index


def test_a_solution_is_told_from_its_exercise(book: Path) -> None:
    assert "<h1>It, written<" in page(book, "exercises/tokenizer/write_it")
    assert "<h1>Solution: It, written<" in page(book, "solutions/tokenizer/write_it")


def test_nothing_comes_from_another_host_and_no_file_is_missing(book: Path) -> None:
    assert list(loads_from_elsewhere_or_nowhere(book / "_build" / "html")) == []
    html = page(book, "book/tokenizer/first")
    assert "math.js" in html
    assert "_static/mathjax/" not in html  # math.js loads it when a formula comes near
    assert "thebe" not in html.lower()
    assert (book / "_build/html/_static/mathjax/LICENSE").is_file()


def test_the_notebook_can_be_downloaded(book: Path) -> None:
    (address,) = set(re.findall(r'href="([^"]*\.ipynb)"', page(book, "book/tokenizer/second")))
    assert (book / "_build/html/book/tokenizer" / address).is_file()


def test_nothing_is_built_when_nothing_changed(book: Path) -> None:
    mark = book / "_build" / "html" / "mark"
    mark.touch()
    index = book / "_build" / "html" / "book" / "intro.html"
    before = index.stat().st_mtime_ns
    assert build_site(book) == book / "_build" / "html"
    assert index.stat().st_mtime_ns == before
    assert mark.exists()


@pytest.mark.slow
def test_what_is_broken_fails_the_build_until_it_is_mended(tmp_path: Path) -> None:
    root = make_book(tmp_path)
    broken = FIRST[2].replace("second.ipynb#how", "second.ipynb#gone")
    broken = broken.replace("(#tokenizer/how)", "(#tokenizer/gone)").replace("## Why so?", "## Why")
    write(root / "book/tokenizer/first.ipynb", notebook(*FIRST[:2], broken))
    write(root / "book/tokenizer/second.ipynb", notebook(*SECOND, FIRST[1]))
    third = SYLLABUS.replace("exercises:", THIRD_PAGE + "exercises:")
    write(root / "book/tokenizer/syllabus.yml", third)
    for _ in range(2):  # a second run must not pass because the page was read before
        with pytest.raises(SiteError) as caught:
            build_site(root)
        sentence, *warnings = str(caught.value).splitlines()
        assert re.fullmatch(r"The site was not built: \d+ warnings\.", sentence)
        for said in (
            "question 'why-so': the heading is 'Why'; the syllabus has 'Why so?'",
            "question 'what-it-is' belongs on the page 'first'",
            "local id not found in doc 'book/tokenizer/second': 'gone'",
            "cross-reference target not found: 'tokenizer/gone'",
            "duplicate label tokenizer/what-it-is",
            "page 'third' of the syllabus is not in the book",
        ):
            assert any(said in warning for warning in warnings), said
    write(root / "book/tokenizer/first.ipynb", notebook(*FIRST))
    write(root / "book/tokenizer/syllabus.yml", SYLLABUS)
    write(root / "book/tokenizer/second.ipynb", notebook(*SECOND))
    assert (build_site(root) / "index.html").is_file()
    assert "Kudo" not in page(root, "book/references")
    more = "As in {cite:t}`kudo2018`."  # one page changes, and with it what another shows
    write(root / "book/tokenizer/second.ipynb", notebook(*SECOND, more))
    build_site(root)
    assert "Kudo" in page(root, "book/references")


def test_the_table_of_contents_follows_what_exists(tmp_path: Path) -> None:
    root = make_book(tmp_path)
    assert write_toc(root)
    assert not write_toc(root)
    toc = table_of_contents(root)
    order = [
        "tokenizer/index",
        "first",
        "second",
        "exercises/tokenizer/write_it",
        "title: Solution",
    ]
    assert [toc.index(name) for name in order] == sorted(toc.index(name) for name in order)
    assert "later" not in toc
    shutil.rmtree(root / "exercises")
    assert "write_it" not in table_of_contents(root)
    (root / "book/tokenizer/index.md").unlink()
    assert "tokenizer" not in table_of_contents(root)


def test_a_folder_without_a_book_or_with_a_bad_syllabus_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SiteError, match="holds no book"):
        build_site(tmp_path)
    root = make_book(tmp_path)
    write(root / "book/tokenizer/syllabus.yml", "chapter: tokenizer\n")
    with pytest.raises(SiteError, match="'title' is missing"):
        build_site(root)


# The repository's own site.


@pytest.mark.slow
def test_the_site_builds_without_a_warning_and_loads_nothing_from_elsewhere() -> None:
    site = build_site(ROOT)
    assert list(loads_from_elsewhere_or_nowhere(site)) == []
    for chapter in [load_chapter(path) for path in ROOT.glob("book/*/syllabus.yml")]:
        for page in chapter.pages:
            path = page_path(chapter, page, ROOT).relative_to(ROOT).with_suffix(".html")
            if (ROOT / "book" / chapter.name / "index.md").is_file():
                html = (site / path).read_text(encoding="utf-8")
                for question in page.questions:
                    assert f'<section id="{question.id}">' in html, question.id
