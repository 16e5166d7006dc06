"""Cards, mock interviews and search: what the build makes for them, and their scripts in node."""

import csv
import json
import random
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fsrs import Card, Rating, Scheduler

from handtorch_classroom.question_facets import kind_of, sources_of
from handtorch_classroom.site_build import build_site
from handtorch_classroom.site_practice import anki_html, anki_text, seen_from_home
from handtorch_classroom.syllabus import load_chapter
from tests.classroom.test_site import FIRST, make_book, notebook, write

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "book" / "_static" / "practice"
needs_node = pytest.mark.skipif(not shutil.which("node"), reason="runs scripts under node")


def run_node(script: str) -> object:
    """What a script prints, read as JSON."""
    run = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


# Scripts


@needs_node
def test_the_scripts_pass_their_own_tests() -> None:
    tests = sorted(str(path) for path in (ROOT / "tests/classroom/js").glob("*.test.js"))
    run = subprocess.run(["node", "--test", *tests], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout[-4000:]
    assert re.search(r"^# pass [1-9]\d*$", run.stdout, re.MULTILINE)


@needs_node
def test_fsrs_equals_the_reference_implementation() -> None:
    """Random histories through both: the same stability, difficulty and interval at each review."""
    choose = random.Random(6)
    scheduler = Scheduler(learning_steps=(), relearning_steps=(), enable_fuzzing=False)
    histories, expected = [], []
    for _ in range(200):
        card, time = Card(), datetime(2026, 1, 1, tzinfo=UTC)
        for number in range(choose.randint(1, 12)):
            rating = choose.choice([1, 2, 3, 3, 4])
            days = choose.choice([0, 0, 1, 2, 7, 30, 365, choose.randint(1, 2000)])
            days = days if number else 0
            time += timedelta(days=days)
            card, _ = scheduler.review_card(card, Rating(rating), time)
            assert card.due
            expected.append([card.stability, card.difficulty, (card.due - time).days])
            histories.append([rating, days, number == 0])
    found = run_node(
        f"const fsrs = require({json.dumps(str(SCRIPTS / 'fsrs.js'))}); let memory = null;"
        f"console.log(JSON.stringify({json.dumps(histories)}.map(([rating, days, first]) => {{"
        "memory = fsrs.review(first ? null : memory, rating, days);"
        "return [memory.stability, memory.difficulty, fsrs.interval(memory.stability)]; })))"
    )
    assert isinstance(found, list)
    assert len(found) == len(expected) > 1000
    for ours, theirs in zip(found, expected):
        assert ours == pytest.approx(theirs, rel=1e-9)


# Facets of a question


@pytest.mark.parametrize(
    ("refs", "kind", "sources"),
    [
        ([], "concept", ()),
        (["S3:466", "S1:55", "S3:467"], "concept", ("S1", "S3")),
        (["S1:design:3"], "design", ("S1",)),
        (["S4:第一部分:8", "S0:System Design:q4"], "design", ("S0", "S4")),
        (["S0:Tokenizer:q1"], "concept", ("S0",)),
    ],
)
def test_kind_and_sources_come_from_the_references(
    refs: list[str], kind: str, sources: tuple[str, ...]
) -> None:
    assert kind_of(refs) == kind
    assert sources_of(refs) == sources


# What the build makes


@pytest.mark.parametrize(
    ("link", "seen"),
    [
        ("#how", "tokenizer/first.html#how"),
        ("second.html#how", "tokenizer/second.html#how"),
        ("../references.html#id3", "references.html#id3"),
        ("../../exercises/tokenizer/bpe.html", "../exercises/tokenizer/bpe.html"),
        ("https://arxiv.org/abs/1508.07909", "https://arxiv.org/abs/1508.07909"),
    ],
)
def test_links_of_an_answer_lead_to_the_same_place(link: str, seen: str) -> None:
    fragment = f'<p><a class="x" href="{link}">here</a></p>'
    moved = seen_from_home(fragment, "tokenizer/first.html")
    assert moved == f'<p><a class="x" href="{seen}">here</a></p>'


def test_a_card_for_anki_is_plain_html_on_one_line() -> None:
    fragment = (
        '<p>See <a href="x.html">the\npage</a>: <code class="docutils"><span class="pre">'
        'a&lt;b</span></code>,\t<span class="math">\\(O(n)\\)</span><br/></p>'
    )
    assert anki_html(fragment) == "<p>See the page: <code>a&lt;b</code>, \\(O(n)\\)<br></p>"


def test_the_file_for_anki_has_a_note_a_line_and_links_where_the_site_has_an_address(
    tmp_path: Path,
) -> None:
    chapter = load_chapter(make_book(tmp_path) / "book/tokenizer/syllabus.yml")
    card = {
        "id": "tokenizer/how",
        "en": 'How "so"?',
        "zh": "怎样？",
        "answer": "<p>So.</p>",
        "url": "tokenizer/second.html#how",
    }
    *head, line = anki_text([(chapter, card)]).splitlines()
    assert all(re.fullmatch(r"#[a-z ]+:.+", entry) for entry in head)
    assert head[0] == "#separator:tab"
    assert "#guid column:1" in head
    assert next(csv.reader([line], delimiter="\t")) == [
        "handtorch/tokenizer/how",
        "Handtorch::Tokenizers 分词器",
        'How "so"?<br><br>怎样？',
        "<p>So.</p>",
        "handtorch::tokenizer::how",
    ]
    linked = anki_text([(chapter, card)], "https://example.org/book/")
    assert "https://example.org/book/book/tokenizer/second.html#how" in linked


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_book(tmp_path_factory.mktemp("book"))
    answer = "With $x^2$, see [there](second.ipynb#how) and {cite:t}`sennrich2016`."
    first = [cell.replace("Two words.", answer, 1) for cell in FIRST]
    write(root / "book/tokenizer/first.ipynb", notebook(*first))
    return build_site(root)


def chapter_data(site: Path) -> dict[str, list[dict[str, object]]]:
    text = (site / "_static/practice/data/tokenizer.js").read_text(encoding="utf-8")
    call = re.fullmatch(r'handtorch\.receive\("tokenizer", (\{.*\})\);\n', text)
    assert call
    data = json.loads(call[1])
    assert isinstance(data, dict)
    return data


def test_every_question_becomes_a_card_with_its_short_answer(book: Path) -> None:
    questions = chapter_data(book)["questions"]
    ids = ["tokenizer/what-it-is", "tokenizer/why-so", "tokenizer/how"]
    assert [question["id"] for question in questions] == ids
    first, _, last = questions
    assert first["en"] == "What are [CLS] and [SEP]?"
    assert first["url"] == "tokenizer/first.html#what-it-is"
    answer = str(first["answer"])
    assert r"\(x^2\)" in answer
    assert 'href="tokenizer/second.html#how"' in answer
    assert re.search(r'href="references\.html#\w+"', answer)
    assert "Short answer" not in answer
    assert last["answer"] == "<p>Two words.</p>"


def test_exercises_that_exist_can_be_drawn(book: Path) -> None:
    (exercise,) = chapter_data(book)["exercises"]
    assert exercise["title"] == "It, written"
    assert (exercise["difficulty"], exercise["minutes"]) == (2, 25)
    assert exercise["url"] == "../exercises/tokenizer/write_it.html"
    assert exercise["en"] == "Write <code>it</code>: all of it."


def test_the_pages_of_practice_know_what_there_is_and_load_their_scripts(book: Path) -> None:
    for page, scripts in {
        "practice": ("fsrs.js", "reviews.js", "shared.js", "cards.js"),
        "interview": ("shared.js", "draw.js", "interview.js"),
    }.items():
        html = (book / f"book/{page}.html").read_text(encoding="utf-8")
        places = [html.index(f"practice/{script}") for script in scripts]
        assert places == sorted(places)
        assert "practice/practice.css" in html
        assert "&quot;what-it-is&quot;" in html
        assert "[&quot;write_it&quot;, 2, 25]" in html
        assert "&quot;later&quot;" not in html  # an exercise that is not written yet
    other = (book / "book/questions.html").read_text(encoding="utf-8")
    assert "practice/" not in other.replace("practice.html", "")


def test_the_deck_for_anki_stands_on_the_site(book: Path) -> None:
    text = (book / "_static/practice/handtorch-anki.txt").read_text(encoding="utf-8")
    notes = [line for line in text.splitlines() if not line.startswith("#")]
    assert len(notes) == 3
    assert all(line.count("\t") == 4 for line in notes)


# Search


def search_data(site: Path, name: str) -> dict[str, list[list[object]]]:
    text = (site / f"_static/search/{name}.js").read_text(encoding="utf-8")
    call = re.fullmatch(rf"handtorch\.search\.{name}\((.*)\);\n", text, re.DOTALL)
    assert call
    data = json.loads(call[1])
    return data if isinstance(data, dict) else {"prose": data}


def test_the_search_looks_through_questions_exercises_headings_and_prose(book: Path) -> None:
    index = search_data(book, "index")
    prose = search_data(book, "prose")["prose"]
    entries = index["entries"]
    assert len(prose) == len(entries)
    found = {str(entry[3]): (entry, text) for entry, text in zip(entries, prose)}
    for title, kind in {"Why so?": 0, "It, written": 1, "The first page": 2, "Notation": 2}.items():
        entry, _ = found[title]
        assert entry[0] == kind
        _, address = index["pages"][int(str(entry[1]))]
        path, anchor = book / str(address), str(entry[2])
        assert path.is_file()
        assert not anchor or f'id="{anchor}"' in path.read_text(encoding="utf-8")
    question, text = found["What are [CLS] and [SEP]?"]
    assert question[4] == "[CLS] 和 [SEP] 是什么？"
    assert str(question[5]).startswith("With x^2, see there and Sennrich")
    assert str(text).startswith("The full answer, with ")
    assert "And then? Nothing." in str(text)
    assert not re.search(r"no heading|Two words|svg|[<>]", str(text))
    assert found["The first page"][1] == "What it is about."


def test_there_is_one_search_and_it_is_loaded_when_it_is_used(book: Path) -> None:
    for path in ("book/intro.html", "search.html"):
        html = (book / path).read_text(encoding="utf-8")
        assert "search/search.js" in html
        assert not re.search(r"searchtools|searchindex|search/index|search/prose", html)
    assert not (book / "searchindex.js").exists()


def test_every_icon_of_the_pages_is_there(book: Path) -> None:
    theme = (book / "_static/styles/pydata-sphinx-theme.css").read_text(encoding="utf-8")
    assert not re.search(r"@font-face|fa-github:before", theme)  # nothing is loaded for others
    styles = (book / "_static/icons.css").read_text(encoding="utf-8")
    used: set[str] = set()
    for path in book.rglob("*.html"):
        if "_static" in path.relative_to(book).parts:
            continue
        html = path.read_text(encoding="utf-8")
        for names in re.findall(r'class="([^"]*\bfa[srb]?\b[^"]*|[^"]*\bfa-\w[^"]*)"', html):
            used |= {name for name in names.split() if re.match(r"fa-(?!solid|brands|lg)", name)}
        assert "fontawesome" not in html.lower()
    assert {"fa-bars", "fa-github", "fa-magnifying-glass"} <= used
    assert [name for name in used if f".{name} {{" not in styles] == []
