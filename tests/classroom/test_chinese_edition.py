"""The Chinese edition: what is extracted, what a translation must keep, a book in two languages."""

import functools
import http.server
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from handtorch_classroom.site_build import SiteError, build_site
from handtorch_classroom.site_chinese import has_words
from handtorch_classroom.translation import (
    FOLDER,
    Status,
    TranslationError,
    out_of_step,
    problems,
    refresh,
    status,
    translated_pages,
    translations,
)
from tests.classroom.test_site import FIRST, ROOT, make_book, notebook, page, write

# What a translator is asked for, and held to.


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("$V$ of `f(x)`", True),
        ("$V$, `f(x)`, 词元", False),
        ("{cite:t}`kim2016`", False),
        ("[tokenizer/bpe](../exercises/tokenizer/bpe.ipynb)", False),
        ("[the page](bpe.ipynb)", True),
        ("12.5%", False),
        ("kB, MB", True),
        ("", False),
    ],
)
def test_only_what_has_words_is_translated(markdown: str, expected: bool) -> None:
    assert has_words(markdown) is expected


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("With `f(x)` and $x$: [here](a.ipynb#b).", "用 `f(x)` 和 $x$：[这里](a.ipynb#b)。"),
        ("{cite:t}`kim2016` used 60% fewer.", "{cite:t}`kim2016` 少用了 60%。"),
        ("about 3 million of 4,000", "4,000 中的约 300 万"),
        ("8 billion", "80 亿"),
        ("four times as long", "长 4 倍"),
        ("**Why?** Because.", "**为什么？** 因为。"),
        ('`" return"` and `x`', '`" return"` 和 `x`'),
    ],
)
def test_a_faithful_translation_has_no_problem(english: str, chinese: str) -> None:
    assert problems(english, chinese) == []


@pytest.mark.parametrize(
    ("english", "chinese", "said"),
    [
        ("With `f(x)`.", "用 `f(y)`。", "code is lost: f(x)"),
        ("With `f(x)`.", "用 `f(x)` 和 `g`。", "code is added: g"),
        ("For $x$.", "对 $y$。", "a formula is lost: x"),
        ("See [it](a.ipynb#b).", "见[此](a.ipynb#c)。", "a link is lost: a.ipynb#b"),
        ("By {cite:p}`kim2016`.", "见 {cite:p}`kim2015`。", "reference is lost: {cite:p}`kim2016`"),
        ("It takes 1.8 tokens.", "要 1.9 个词元。", "a number is lost: 1.8"),
        ("It takes few tokens.", "要 2 个词元。", "a number is added: 2"),
        ("8 billion", "8 亿", "a number is lost: 8e+09"),
        ("**Why?** Because.", "**为什么？**因为。", "a * is left over"),
        ("The first.", "1. 第一", "it does not read as one paragraph"),
    ],
)
def test_an_unfaithful_translation_is_named(english: str, chinese: str, said: str) -> None:
    assert any(said in problem for problem in problems(english, chinese)), problems(
        english, chinese
    )


# A small book in both languages.

WITH_LINKS = (
    "The full answer, with $E = mc^2$. See [here](#tokenizer/what-it-is), "
    "[there](second.ipynb#how), [the label](#tokenizer/how) and "
    "[the exercise](../../exercises/tokenizer/write_it.ipynb) of {cite:t}`sennrich2016`."
)
CHINESE = {
    "What it is about.": "讲的是什么。",
    "Two words.": "两个字。",
    "The full answer, with $E = mc^2$.": "完整的回答，用 $E = mc^2$。",
    WITH_LINKS: "完整的回答，用 $E = mc^2$。见[这里](#tokenizer/what-it-is)、"
    "[那里](second.ipynb#how)、[标签](#tokenizer/how)，以及 {cite:t}`sennrich2016` 的"
    "[练习](../../exercises/tokenizer/write_it.ipynb)。",
    "**And then?** Nothing.": "**然后呢？** 没有了。",
    "a *small* cell": "一个*小*格",
}
TABLE = (
    "\n\n:::{dropdown} Common wrong answers\n| a *small* cell | $x$ |\n|---|---|\n| 1 | 2 |\n:::"
)


def translate(root: Path, page: str, chinese: dict[str, str]) -> None:
    """Write translations into the file of a page, as a translator does."""
    path = root / FOLDER / f"{page}.po"
    text = path.read_text(encoding="utf-8")
    for block in text.split("\n\n")[1:]:
        english = "".join(re.findall(r'"(.*)"', block.split("msgstr")[0]))
        if new := chinese.get(english.replace("\\\\", "\\")):
            quoted = new.replace("\\", "\\\\").replace('"', '\\"')
            body = block.split("msgstr")[0].replace("#, fuzzy\n", "")
            text = text.replace(block, f'{body}msgstr "{quoted}"')
    path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_book(tmp_path_factory.mktemp("chinese"))
    write(root / "book/tokenizer/first.ipynb", notebook(*FIRST[:2], FIRST[2] + TABLE))
    refresh(root, ["book/tokenizer/first", "book/kill_table"])
    translate(root, "book/tokenizer/first", CHINESE)
    build_site(root)
    return root


def test_a_page_is_begun_with_every_paragraph_once(book: Path) -> None:
    assert translated_pages(book) == ["book/kill_table", "book/tokenizer/first"]
    text = (book / FOLDER / "book/tokenizer/first.po").read_text(encoding="utf-8")
    ids = ["".join(re.findall(r'"(.*)"', m)) for m in re.findall(r"msgid ((?:\".*\"\n)+)", text)]
    assert set(ids) - {""} == set(CHINESE)  # no heading, no Chinese, no fixed title, no number
    assert status(book, "book/tokenizer/first") == Status("book/tokenizer/first", 6, (), ())
    assert out_of_step(book) == []


def test_the_chinese_wording_is_the_heading_and_the_english_stands_beneath(book: Path) -> None:
    html = page(book, "zh/book/tokenizer/first")
    assert "<h1>第一页<" in html
    assert re.search(r'<h2>为什么？<.*\n<p class="english-line" lang="en"><em>Why so\?</em>', html)
    assert "chinese-line" not in html


def test_paragraphs_titles_and_tables_are_translated(book: Path) -> None:
    html = page(book, "zh/book/tokenizer/first")
    assert '<html lang="zh-CN"' in html
    assert "两个字。" in html
    assert "Two words." not in html
    assert '<p class="admonition-title">简答</p>' in html
    assert '<span class="sd-summary-text">追问</span>' in html
    assert re.search(r'<details class="[^"]*\bfollow-ups\b', html)  # the style goes by the English
    assert '一个<em class="chinese">小</em>格' in html
    assert "translation-missing" not in html
    assert "Solution" not in page(book, "zh/solutions/tokenizer/write_it").split("<article")[1]


def test_lists_and_captions_are_in_chinese(book: Path) -> None:
    html = page(book, "zh/book/questions")
    assert re.search(r'href="tokenizer/first.html#why-so"><span[^>]*>为什么？</span>', html)
    assert '<p class="english-line" lang="en">Why so?</p>' in html
    assert "中等，25 分钟" in html
    assert ">依据</span>" in html
    assert re.search(r"<th[^>]*><p>难度</p>", page(book, "zh/book/tokenizer/index"))


def test_a_page_says_how_much_of_it_is_missing(book: Path) -> None:
    html = page(book, "zh/book/tokenizer/second")
    assert "这一页还没有译成中文，以下是英文原文（共 4 段）。" in html
    assert '<p lang="en">Two words.</p>' in html
    assert "translation-missing" not in page(book, "zh/book/kill_table")  # a title in two languages
    assert "translation-missing" not in page(book, "book/tokenizer/second")


def pages(site: Path) -> list[Path]:
    """The pages of the English edition."""
    found = [path.relative_to(site) for path in site.rglob("*.html")]
    return [path for path in found if path.parts[0] not in ("zh", "_static")]


def anchors(path: Path) -> list[str]:
    """The ids of a page, without those that docutils numbers, which nothing links to."""
    html = path.read_text(encoding="utf-8")
    sections = re.findall(r'<section\b[^>]* id="([^"]+)"', html)
    others = re.findall(r'<(?:h\d|span|div|dt|p|a)\b[^>]* id="(?!id\d+")([^"]+)"', html)
    return sections + others


def check_twins(site: Path) -> int:
    """Every page has a twin with the same anchors, and each links to the other; how many."""
    for path in pages(site):
        here, twin = site / path, site / "zh" / path
        if path.parts == ("index.html",):  # leads on to the first page
            continue
        assert sorted(anchors(here)) == sorted(anchors(twin)), path
        for one, other, language in ((here, twin, "zh-CN"), (twin, here, "en")):
            html = one.read_text(encoding="utf-8")
            (switch,) = re.findall(r'class="language-switch[^>]*? href="([^"]+)"', html)
            alternates = dict(re.findall(r'"alternate" hreflang="([^"]+)" href="([^"]+)"', html))
            assert (one.parent / switch).resolve() == other.resolve()
            assert alternates[language] == switch
            assert sorted(alternates) == ["en", "x-default", "zh-CN"]
    return len(pages(site))


def test_every_page_has_a_twin_with_the_same_anchors(book: Path) -> None:
    assert check_twins(book / "_build" / "html") >= 8


SWITCH = """
<iframe width="800" height="300" src="book/tokenizer/first.html?q=a"></iframe>
<script>
  const frame = document.querySelector("iframe");
  const seen = [];
  frame.onload = () => {
    seen.push(frame.contentWindow.location.href);
    document.title = seen.join(" ");
    if (seen.length > 2) return;
    frame.contentDocument.getElementById("why-so").scrollIntoView();
    frame.contentDocument.querySelector("a.language-switch").click();
  };
</script>
"""


@pytest.fixture(scope="module")
def address(book: Path) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(book / "_build" / "html"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.skipif(not shutil.which("chromium"), reason="follows the link in a browser")
def test_the_switch_leads_to_the_same_place_and_back(book: Path, address: str) -> None:
    write(book / "_build/html/switch.html", SWITCH)
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu"]
    command += ["--virtual-time-budget=20000", "--dump-dom", f"{address}/switch.html"]
    dom = subprocess.run(command, capture_output=True, text=True, timeout=120).stdout
    (book / "_build/html/switch.html").unlink()
    (title,) = re.findall("<title>(.*?)</title>", dom)
    path = "book/tokenizer/first.html?q=a"
    assert title.replace(f"{address}/", "").split() == [
        path,
        f"zh/{path}#why-so",
        f"{path}#why-so",
    ]


# What becomes of a translation when the page changes, and when it is wrong.


@pytest.mark.slow
def test_what_changes_is_stale_and_shown_in_english_until_it_is_looked_at(tmp_path: Path) -> None:
    root = make_book(tmp_path)
    with pytest.raises(TranslationError, match="'book/none' is no page of the book"):
        refresh(root, ["book/none"])
    refresh(root, ["book/tokenizer/first"])
    translate(root, "book/tokenizer/first", CHINESE)
    changed = [FIRST[0].replace("is about.", "is all about."), *FIRST[1:], "A new paragraph."]
    write(root / "book/tokenizer/first.ipynb", notebook(*changed))
    assert out_of_step(root) == [
        "book/tokenizer/first: new or changed: What it is all about.",
        "book/tokenizer/first: new or changed: A new paragraph.",
        "book/tokenizer/first: no longer there: What it is about.",
    ]
    (found,) = refresh(root)
    assert found.missing == ("A new paragraph.",)
    assert found.stale == ("What it is all about.",)
    before = (root / FOLDER / "book/tokenizer/first.po").read_text(encoding="utf-8")
    assert '#| msgid "What it is about."' in before
    refresh(root)
    assert (root / FOLDER / "book/tokenizer/first.po").read_text(encoding="utf-8") == before
    build_site(root)
    html = page(root, "zh/book/tokenizer/first")
    assert '<p lang="en">What it is all about.</p>' in html
    assert re.search("共 \\d+ 段，其中 2 段仍是英文", html)
    # A translation that loses a link is a warning of Sphinx's, and so no site.
    translate(root, "book/tokenizer/first", {**CHINESE, "A new paragraph.": "新的一段。"})
    translate(root, "book/tokenizer/first", dict.fromkeys(CHINESE, "丢了。"))
    with pytest.raises(SiteError, match="inconsistent"):
        build_site(root)


# The repository's own translations.


@pytest.mark.slow
def test_the_translations_are_in_step_with_the_pages() -> None:
    found = out_of_step(ROOT)
    assert not found, "run `make translate`:\n" + "\n".join(found)


@pytest.mark.parametrize("name", translated_pages(ROOT))
def test_a_translation_keeps_code_formulas_links_and_numbers(name: str) -> None:
    for english, chinese in translations(ROOT, name).items():
        assert not problems(english, chinese), (english, chinese)


@pytest.mark.slow
def test_every_page_of_the_site_has_its_chinese_twin() -> None:
    assert check_twins(build_site(ROOT)) > 20
