"""The site in a real browser. ``make test-site`` runs these, and says so where there is none."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from handtorch_classroom.site_build import build_site
from tests.classroom.browser import PHONE, Site, browser_path, serve

ROOT = Path(__file__).parents[2]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not browser_path(), reason="no Chromium or Chrome is installed"),
]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with serve(build_site(ROOT)) as site:
        yield site
        assert site.elsewhere == [], "requests to other hosts"
        assert site.errors == [], "scripts that failed"


class Wire:
    """What the first view of a page loads: bytes without images, and addresses."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self._sizes: dict[str, float] = {}
        self._requests: dict[str, tuple[str, str]] = {}
        self.page = context.new_page()
        session = context.new_cdp_session(self.page)
        session.send("Network.enable")
        session.on("Network.responseReceived", self._responded)
        session.on("Network.loadingFinished", self._finished)
        self.page.goto(address, wait_until="commit")

    def _responded(self, event: dict[str, Any]) -> None:
        self._requests[event["requestId"]] = (event["type"], event["response"]["url"])

    def _finished(self, event: dict[str, Any]) -> None:
        self._sizes[event["requestId"]] = event["encodedDataLength"]

    def came(self) -> tuple[int, list[str]]:
        self.page.wait_for_load_state("networkidle")
        shown = {id: request for id, request in self._requests.items() if request[0] != "Image"}
        return round(sum(self._sizes.get(id, 0) for id in shown)), [u for _, u in shown.values()]


def first_views(site: Site, paths: list[str], at_once: int = 8) -> dict[str, tuple[int, list[str]]]:
    """What each page loads in a fresh profile; several load at once, as most of it is waiting."""
    found = {}
    for start in range(0, len(paths), at_once):
        with ExitStack() as stack:
            contexts = {p: stack.enter_context(site.context()) for p in paths[start:][:at_once]}
            wires = {path: Wire(context, site.address + path) for path, context in contexts.items()}
            found |= {path: wire.came() for path, wire in wires.items()}
    return found


def pages_of(site: Site) -> list[str]:
    found = (path.relative_to(site.folder) for path in site.folder.rglob("*.html"))
    paths = (path.as_posix() for path in found if "_static" not in path.parts)
    leads_elsewhere = {"index.html", "zh/index.html"}
    return sorted(set(paths) - leads_elsewhere)


def fits(page: Page) -> bool:
    """Whether the page does not scroll sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


# Flash cards


def card(page: Page) -> str:
    return page.locator(".practice-question").inner_text()


def test_cards_are_learned_with_the_keyboard_and_kept(site: Site) -> None:
    with site.page("book/practice.html?new=5") as page:
        counts = page.locator(".practice-counts")
        expect(counts).to_contain_text("0 due, 5 new today; 0 of")
        first = card(page)
        expect(page.locator(".practice-question-other")).to_have_attribute("lang", "zh")
        page.keyboard.press("Space")
        answer = page.locator(".practice-answer")
        expect(answer).to_be_focused()
        assert len(answer.inner_text()) > 80
        expect(answer.get_by_role("link", name="Full answer")).to_be_visible()
        page.keyboard.press("1")  # not yet: comes again in this session
        expect(page.locator(".practice-left")).to_have_text("5 cards left")
        second = card(page)
        assert second != first
        page.keyboard.press("Enter")
        page.keyboard.press("2")  # know
        expect(page.locator(".practice-left")).to_have_text("4 cards left")
        expect(counts).to_contain_text("1 due, 3 new today; 2 of")
        page.keyboard.press("u")
        expect(page.locator(".practice-question")).to_have_text(second)
        page.reload()
        expect(counts).to_contain_text("1 due, 4 new today; 1 of")
        assert card(page) == first  # not known yet, so first in line


def test_a_card_that_is_known_comes_back_when_it_is_due(site: Site) -> None:
    with site.context() as context:
        page = context.new_page()
        start = datetime(2026, 11, 20, 12)
        page.clock.install(time=start)
        page.goto(site.address + "book/practice.html?new=5")
        questions = []
        for _ in range(5):
            questions.append(card(page))
            page.get_by_role("button", name="Show the answer").click()
            page.get_by_role("button", name="Know in 2 days").click()
        expect(page.locator(".practice-question")).to_have_text("Nothing is due now.")
        expect(page.locator(".practice-card")).to_contain_text("November 22, 2026")
        page.clock.set_fixed_time(start + timedelta(days=2))
        page.reload()
        expect(page.locator(".practice-counts")).to_contain_text("5 due, 5 new today")
        assert card(page) == questions[0]
        page.keyboard.press("Space")
        expect(page.get_by_role("button", name="Know")).to_contain_text("in 11 days")


def test_progress_travels_as_a_file_and_a_bad_file_changes_nothing(
    site: Site, tmp_path: Path
) -> None:
    with site.page("book/practice.html") as page:
        page.keyboard.press("Space")
        page.keyboard.press("2")
        page.get_by_text("Your progress as a file").click()
        with page.expect_download() as download:
            page.get_by_role("button", name="Save to a file").click()
        saved = tmp_path / "saved.json"
        download.value.save_as(saved)
        record = json.loads(saved.read_text(encoding="utf-8"))
        assert record["format"] == "handtorch-reviews"
        assert list(map(len, record["cards"].values())) == [1]
        status = page.locator(".practice-status")
        for text, said in (
            ("{", "bad.json was not used: it is not JSON. Nothing has changed."),
            (
                json.dumps(record | {"version": 9}),
                "its version is 9, and this page reads version 1",
            ),
            (json.dumps(record | {"cards": {"x": 1}}), '"x" is no card'),
        ):
            bad = tmp_path / "bad.json"
            bad.write_text(text, encoding="utf-8")
            page.locator("#practice-file").set_input_files(bad)
            expect(status).to_contain_text(said)
            expect(page.locator(".practice-counts")).to_contain_text("; 1 of")
    with site.page("book/practice.html") as page:  # another browser
        expect(page.locator(".practice-counts")).to_contain_text("; 0 of")
        page.get_by_text("Your progress as a file").click()
        page.locator("#practice-file").set_input_files(saved)
        expect(page.locator(".practice-status")).to_have_text("Reviews added: 1.")
        expect(page.locator(".practice-counts")).to_contain_text("; 1 of")
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="Forget everything").click()
        expect(page.locator(".practice-counts")).to_contain_text("; 0 of")


def test_cards_work_from_a_folder_without_a_network(site: Site) -> None:
    with site.context(offline=True) as context:
        page = context.new_page()
        page.goto((site.folder / "book/practice.html").as_uri())
        page.keyboard.press("Space")
        expect(page.locator(".practice-answer")).to_be_visible()
        page.keyboard.press("2")
        page.reload()
        expect(page.locator(".practice-counts")).to_contain_text("; 1 of")


def test_cards_say_when_the_browser_keeps_nothing(site: Site) -> None:
    with site.context() as context:
        context.add_init_script(
            "Object.defineProperty(window, 'localStorage', {get() { throw new Error('no') }})"
        )
        page = context.new_page()
        page.goto(site.address + "book/practice.html")
        site.errors.clear()  # the theme wants the storage, too
        expect(page.locator(".practice-status")).to_contain_text("keeps nothing")
        page.keyboard.press("Space")
        page.keyboard.press("2")
        expect(page.locator(".practice-counts")).to_contain_text("; 1 of")


# Mock interview


def rate_and_go_on(page: Page, rating: str) -> None:
    page.get_by_label(rating, exact=True).check()
    page.locator(".practice-main").click()


def test_an_interview_from_its_address_to_its_summary(site: Site) -> None:
    address = "book/interview.html?n=2&exercise=easy&seed=again"
    with site.page(address) as page:
        expect(page.locator(".practice-counts")).to_contain_text("2 questions and one exercise")
        page.get_by_role("button", name="Begin").press("Enter")
        expect(page.locator(".practice-card")).to_be_focused()
        expect(page.locator(".practice-left")).to_have_text("Question 1 of 2")
        first = card(page)
        answer = page.locator(".practice-answer")
        expect(answer).to_be_hidden()
        page.get_by_text("Short answer").click()
        expect(answer).to_be_visible()
        rate_and_go_on(page, "Not")
        expect(page.locator(".practice-left")).to_have_text("Question 2 of 2")
        page.reload()  # a reload loses nothing
        expect(page.locator(".practice-left")).to_have_text("Question 2 of 2")
        second = card(page)
        rate_and_go_on(page, "Well")
        expect(page.locator(".practice-left")).to_have_text("Coding exercise")
        expect(page.locator(".practice-card")).to_contain_text("easy")
        page.get_by_role("button", name="To the summary").click()
        expect(page.get_by_role("heading", name="Summary")).to_be_focused()
        expect(page.locator("#practice-interview")).to_contain_text("2 of 6 points")
        rows = page.locator(".practice-summary tbody tr")
        expect(rows).to_have_count(3)
        expect(rows.nth(0)).to_contain_text("Not")
        expect(rows.nth(2)).to_contain_text("not rated")
        page.get_by_role("button", name="Put what was missed").click()
        expect(page.locator(".practice-status")).to_have_text("Cards that come again today: 1.")
        page.goto(site.address + "book/practice.html")
        expect(page.locator(".practice-counts")).to_contain_text("1 due")
        assert card(page) == first
    with site.page(address) as page:  # someone else, the same address
        page.get_by_role("button", name="Begin").click()
        assert card(page) == first
        page.locator(".practice-main").click()
        expect(page.locator(".practice-question")).to_have_text(second)


def test_the_choice_of_an_interview_stands_in_its_address(site: Site) -> None:
    with site.page("book/interview.html?n=99&exercise=no&minutes=x&chapter=none") as page:
        expect(page.get_by_label("Questions")).to_have_value("5")  # what is not allowed is dropped
        page.get_by_label("Questions").fill("3")
        page.get_by_label("Coding exercise").select_option("none")
        expect(page.locator(".practice-counts")).to_contain_text("3 questions.")
        expect(page.get_by_label("Minutes")).to_have_value("9")
        assert "n=3&exercise=none" in page.url
        before = page.url
        page.get_by_role("button", name="Draw anew").click()
        assert page.url != before


def test_the_clock_says_when_the_time_is_nearly_over(site: Site) -> None:
    with site.context() as context:
        page = context.new_page()
        page.clock.install(time=datetime(2026, 11, 20, 12))
        page.goto(site.address + "book/interview.html?minutes=10")
        page.get_by_role("button", name="Begin").click()
        clock, status = page.locator(".practice-clock"), page.locator(".practice-status")
        expect(clock).to_have_text("10:00 left")
        page.clock.run_for(301_000)
        expect(clock).to_have_text("4:59 left")
        expect(status).to_have_text("5 minutes are left.")
        page.clock.run_for(240_000)
        expect(status).to_have_text("One minute is left.")
        page.clock.run_for(70_000)
        expect(clock).to_have_text("0:11 over")
        expect(status).to_have_text("The time is over. You may go on.")


def test_an_interview_works_from_a_folder_without_a_network(site: Site) -> None:
    with site.context(offline=True, **PHONE) as context:
        page = context.new_page()
        page.goto((site.folder / "book/interview.html").as_uri() + "?seed=again")
        page.get_by_role("button", name="Begin").click()
        expect(page.locator(".practice-question")).to_be_visible()
        assert fits(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_cards_fit_a_phone(site: Site, scheme: str) -> None:
    with site.page("book/practice.html", color_scheme=scheme, **PHONE) as page:
        page.get_by_role("button", name="Show the answer").tap()
        expect(page.locator(".practice-answer")).to_be_visible()
        assert fits(page)
        heights = page.locator(".practice button:visible").evaluate_all(
            "buttons => buttons.map(button => button.getBoundingClientRect().height)"
        )
        assert min(heights) >= 35


# Search


def results(page: Page) -> list[str]:
    return page.locator("dialog .search-title").all_inner_texts()


def search_for(page: Page, query: str) -> None:
    page.locator("dialog .bd-search input").fill(query)
    expect(page.locator("dialog .search-status")).not_to_have_text("")


def test_the_search_answers_as_one_types(site: Site) -> None:
    with site.page("book/intro.html") as page:
        assert page.evaluate("typeof handtorch.ranking") == "undefined"  # nothing is loaded yet
        page.keyboard.press("Control+k")
        page.keyboard.type("out-of-vocab")
        first = page.locator("dialog .search-results li").first
        expect(first).to_contain_text("What is an out-of-vocabulary word")
        expect(first).to_contain_text("什么叫未登录词")
        expect(first.locator(".search-where")).to_have_text(
            "Question · From words and characters to subwords"
        )
        expect(first.locator("mark").first).to_have_text("out-of-vocab")
        page.keyboard.press("ArrowDown")
        expect(first).to_have_attribute("aria-selected", "true")
        field = page.locator("dialog .bd-search input")
        expect(field).to_have_attribute("aria-activedescendant", str(first.get_attribute("id")))
        page.keyboard.press("Enter")
        page.wait_for_url("**/words_to_subwords.html#what-is-oov")


def test_the_search_ranks_questions_above_prose_in_both_languages(site: Site) -> None:
    with site.page("book/intro.html") as page:
        page.keyboard.press("Control+k")
        for query, question in {
            "未登录词": "What is an out-of-vocabulary word, and why does it matter",
            "合并规则怎样学到": "How does BPE learn its merge rules",
            "BPE 合并": "How does BPE learn its merge rules",
            "merges rules": "How does BPE learn its merge rules",
            "wordpiece greedy": "How does WordPiece choose its vocabulary",
        }.items():
            search_for(page, query)
            expect(page.locator("dialog .search-title").first).to_contain_text(question)
        search_for(page, "fertility")  # stands in no title: prose is found, too
        expect(page.locator("dialog .search-results")).to_contain_text("Terms of the tokenizer")
        search_for(page, "xyzzy")
        expect(page.locator("dialog .search-status")).to_contain_text("Nothing was found")


def test_the_search_works_from_a_folder_without_a_network(site: Site) -> None:
    with site.context(offline=True, **PHONE) as context:
        page = context.new_page()
        page.goto((site.folder / "book/tokenizer/index.html").as_uri())
        page.get_by_role("button", name="Search").first.click()
        search_for(page, "词表大小")
        expect(page.locator("dialog .search-results li").first).to_be_visible()
        assert fits(page)
        page.locator("dialog .search-results a").first.click()
        page.wait_for_url("file:**/*.html*")


def test_the_search_has_an_address(site: Site) -> None:
    with site.page("search.html?q=%E6%9C%AA%E7%99%BB%E5%BD%95%E8%AF%8D") as page:
        expect(page.locator("#search-page .search-title").first).to_contain_text("vocabulary word")


# The list of questions


def test_the_list_filters_by_kind_and_list_and_keeps_its_state_in_the_address(site: Site) -> None:
    with site.page("book/questions.html") as page:
        count = page.locator(".question-filter-count")
        everything = count.inner_text()
        page.get_by_label("Kind").select_option(label="Code")
        expect(count).to_contain_text("0 questions and")
        page.get_by_label("Kind").select_option(label="Design")
        expect(count).to_contain_text("and 0 exercises")
        page.wait_for_url("**?kind=design")
        page.get_by_label("Asked in").select_option(value="s1")
        page.get_by_label("Filter by words").fill("slang")
        expect(count).to_have_text("1 question and 0 exercises")
        page.wait_for_url("**?kind=design&q=slang&source=s1")
        page.reload()
        expect(count).to_have_text("1 question and 0 exercises")
        expect(page.locator("li.question-item:visible")).to_have_count(1)
        page.get_by_label("Filter by words").press("Enter")
        expect(page.locator("li.question-item:visible a").first).to_be_focused()
        page.goto(site.address + "book/questions.html?kind=nothing&source=x")
        expect(count).to_have_text(everything)


# The Chinese edition


def test_practice_and_search_are_chinese_in_the_chinese_edition(site: Site) -> None:
    with site.page("zh/book/practice.html") as page:
        expect(page.locator(".practice-counts")).to_contain_text("今天新卡 10 张")
        question = page.locator(".practice-question")
        expect(question).to_have_attribute("lang", "zh")
        page.keyboard.press("Space")
        answer = page.locator(".practice-answer")
        assert re.search("[一-鿿]{4}", answer.inner_text())
        page.get_by_role("button", name="会了").click()
        page.keyboard.press("Control+k")
        search_for(page, "未登录词")
        first = page.locator("dialog .search-results li").first
        expect(first.locator(".search-title")).to_contain_text("什么叫未登录词")
        page.goto(site.address + "book/practice.html")  # the other edition goes on from there
        expect(page.locator(".practice-counts")).to_contain_text("; 1 of")
        page.goto(site.address + "zh/book/notation.html")
        expect(page.locator("main .math mjx-container").first).to_be_visible()


# Every page


def test_the_theme_can_be_changed_and_is_kept(site: Site) -> None:
    with site.page("book/intro.html", color_scheme="light") as page:
        background = "getComputedStyle(document.body).backgroundColor"
        bright = page.evaluate(background)
        for _ in range(3):
            page.locator(".theme-switch-button").first.click()
            if page.locator("html").get_attribute("data-theme") == "dark":
                break
        assert page.evaluate(background) != bright
        page.reload()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_formulas_are_set_when_they_come_near(site: Site) -> None:
    with site.page("book/tokenizer/byte_pair_encoding.html") as page:
        formula = page.locator("main .math").first
        formula.scroll_into_view_if_needed()
        expect(page.locator("main .math mjx-container").first).to_be_visible()


def test_no_page_scrolls_sideways_on_a_phone(site: Site) -> None:
    wide = []
    with site.context(**PHONE) as context:
        page = context.new_page()
        for path in pages_of(site):
            page.goto(site.address + path)
            if not fits(page):
                wide.append(path)
    assert wide == []


MOST = 200_000  # bytes over the wire before a reader can read, without images
MATHJAX = 400_000  # more, where a formula stands on the first screen


def test_the_first_view_of_every_page_is_light(site: Site) -> None:
    measured = first_views(site, pages_of(site))
    print("\nFirst view over the wire, without images:")
    for path, (size, addresses) in sorted(measured.items(), key=lambda item: -item[1][0]):
        formulas = any("mathjax" in address for address in addresses)
        print(f"{size / 1000:7.1f} kB  {path}{'  (with MathJax)' if formulas else ''}")
        assert size < MOST + MATHJAX * formulas, path
