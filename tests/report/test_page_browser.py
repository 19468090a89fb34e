from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gner_bench.api import load_predictions, score
from gner_bench.documents.scores import Resampling
from gner_bench.report.grid import Cell, Grid, Section
from gner_bench.report.page import Content, PageFigure, PageSystem, write_page
from gner_bench.report.views.verdict import Statement
from gner_bench.scoring.document import scores_document
from gner_bench.scoring.predictions import Prediction

from ..scoring.sentences import Given

pytestmark = pytest.mark.slow

playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright")

ROOT = Path(__file__).parents[2]
READY = "#browser:not([hidden])"
SVG = '<svg width="900" height="90"><rect width="900" height="90" style="fill: #ffffff"/></svg>'
GRID = Grid(
    "f1_gner",
    "F1 by the GNER metric",
    (Cell("System"), Cell("Mean")),
    (
        Section(tuple((Cell(name), Cell(f1)) for name, f1 in (("b", "9.5"), ("a", "61.4"), ("c", "–")))),
        Section(
            tuple((Cell(name), Cell(f1)) for name, f1 in (("e", "70.1"), ("d", "8.2"))), "quoted from publications"
        ),
    ),
)
WIDE = Grid(
    "wide",
    "Many columns",
    (Cell("System"), *(Cell(f"Set {number}") for number in range(40))),
    (Section(tuple((Cell(name), *[Cell("61.4")] * 40) for name in ("a system of a longer name", "b"))),),
)
HOSTILE = ["</script><script>document.title='broken'</script>", "\u202e\u0645", "x" * 10_000, "😀", "\0<b>"]
SENTENCES = 45
"""Three pages of sentences."""


Browser = Any
BrowserPage = Any


def records(record: Callable[..., dict[str, Any]], wrong: int) -> Iterator[dict[str, Any]]:
    """Sentences of two data sets; in every ``wrong``-th of them Ann is taken for a place."""
    for at in range(SENTENCES):
        changes = {} if at % wrong else {"prediction": "Ann(B-place) saw(O) Oslo(B-place)"}
        yield record(id=str(at), dataset="news" if at < 30 else "blogs", **changes)
    yield record(HOSTILE, ["B-person", "O", "O", "O", "O"], id="odd/1", prediction="")
    yield record(
        ["Bo", "left"], ["B-person", "O"], id="46", dataset="blogs", prediction="Bo(B-person) then(O) left(I-place)"
    )


@pytest.fixture(scope="module")
def file(record: Callable[..., dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of two systems."""
    folder = tmp_path_factory.mktemp("page")
    systems = []
    for name, wrong in (("ours", 5), ("theirs", 10)):
        path = folder / f"{name}.jsonl"
        path.write_text("".join(json.dumps(each) + "\n" for each in records(record, wrong)), encoding="utf-8")
        predictions = load_predictions(path, tokenizer="none")
        scores = scores_document(score(predictions), Resampling(20))
        systems.append(PageSystem(scores, predictions, ("partial",), name + " <i>"))
    figures = [PageFigure("plot", SVG, "A plot")]
    types = {"F1": [GRID], "strict F1": [GRID]}
    verdict = [Statement("ours is best", "by 3 points")]
    return write_page(folder, Content(systems, "A report", figures, [GRID] * 3, types, (), verdict, [WIDE]))


@pytest.fixture
def show(visit: Callable[..., BrowserPage], file: Path) -> Callable[..., BrowserPage]:
    """Opens the page, or another, when it is ready."""

    def ready(address: str = "", path: Path = file, **layout: Any) -> BrowserPage:
        page = visit(path, address, **layout)
        page.wait_for_selector(READY)
        return page

    return ready


def count(page: BrowserPage) -> str:
    return str(page.inner_text("#count"))


def current(page: BrowserPage) -> str:
    return str(page.inner_text("article.current h3 a"))


def fragment(page: BrowserPage) -> str:
    return str(page.evaluate("location.hash"))


def first_column(page: BrowserPage) -> list[str]:
    return [cell.inner_text() for cell in page.locator("#scores table").first.locator("tbody th[scope=row]").all()]


def test_all_sentences_are_there_and_twenty_are_shown(show: Callable[..., BrowserPage]) -> None:
    page = show()
    assert count(page) == "47 of 47 sentences"
    assert page.locator("article").count() == 20
    assert page.inner_text(".turn span") == "page 1 of 3"


def test_a_sentence_shows_gold_and_every_system_with_classes(show: Callable[..., BrowserPage]) -> None:
    article = show().locator("article").nth(5)
    assert article.locator(".name").all_text_contents() == ["gold ", "ours <i> exact", "theirs <i> exact"]
    marks = [mark.text_content() for mark in article.locator("mark").all()]
    assert marks[:2] == ["Ann\xa0person", "Oslo\xa0place"]
    assert marks[2:4] == ["Ann\xa0place\xa0≠(wrong type)", "Oslo\xa0place\xa0✓(correct)"]
    assert marks[4] == "Ann\xa0person\xa0✓(correct)"


def test_tables_sort_by_number_within_their_groups(show: Callable[..., BrowserPage]) -> None:
    page = show()
    head = page.locator("#scores th[scope=col]").nth(1)
    head.locator("button").click()
    assert first_column(page) == ["a", "b", "c", "e", "d"]
    assert head.get_attribute("aria-sort") == "descending"
    head.locator("button").click()
    assert first_column(page) == ["b", "a", "c", "d", "e"]
    page.locator("#scores th[scope=col] button").first.click()
    assert first_column(page) == ["a", "b", "c", "d", "e"]
    assert head.get_attribute("aria-sort") is None
    assert page.locator("#scores tbody").nth(1).locator("tr").first.inner_text() == "quoted from publications"


@pytest.mark.parametrize(
    ("field", "value", "found"),
    [
        ("set", "blogs (test)", 16),
        ("class", "wrong_type", 9),
        ("class", "stray", 1),
        ("step", "lcs", 1),
        ("step", "subsequence", 1),
        ("type", "place", 46),
        ("q", "LEFT", 1),
        ("q", "news/7", 1),
        ("q", "nothing like it", 0),
    ],
)
def test_filters_let_through_what_they_name(
    field: str, value: str, found: int, show: Callable[..., BrowserPage]
) -> None:
    page = show()
    if field == "q":
        page.fill("[name=q]", value)
    else:
        page.select_option(f"[name={field}]", value)
    assert count(page) == (f"{found} of 47 sentences" if found else "None of 47 sentences")
    assert page.locator("article").count() == min(found, 20)


def test_filters_of_one_system_and_of_differences(show: Callable[..., BrowserPage]) -> None:
    page = show()
    page.select_option("[name=class]", "wrong_type")
    page.select_option("[name=run]", "theirs <i>")
    assert count(page) == "5 of 47 sentences"
    page.click("button[type=reset]")
    page.check("[name=differ]")
    assert count(page) == "4 of 47 sentences"
    page.uncheck("[name=differ]")
    page.check("[name=errors]")
    assert count(page) == "10 of 47 sentences"


def test_types_offered_are_those_of_the_data_set(show: Callable[..., BrowserPage]) -> None:
    page = show("#type=place")
    assert page.input_value("[name=type]") == "place"
    page.select_option("[name=set]", "blogs (test)")
    assert page.locator("[name=type] option").all_inner_texts() == ["any", "person", "place"]
    assert page.input_value("[name=type]") == "place"


def test_the_address_restores_filters_and_sentence(show: Callable[..., BrowserPage]) -> None:
    page = show()
    page.fill("[name=q]", "oslo")
    page.select_option("[name=class]", "wrong_type")
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert fragment(page) == "#s=news/5&class=wrong_type&q=oslo"
    again = show(fragment(page))
    assert (count(again), current(again)) == ("9 of 47 sentences", "news/5")
    assert again.input_value("[name=q]") == "oslo"


def test_a_link_opens_a_sentence_on_its_page(show: Callable[..., BrowserPage]) -> None:
    page = show("#s=blogs/44")
    assert current(page) == "blogs/44"
    assert page.inner_text(".turn span") == "page 3 of 3"
    assert page.evaluate("document.activeElement.matches('article.current')")
    page.evaluate("location.hash = '#s=news/odd%2F1'")
    page.locator("article.current h3 a", has_text="odd").wait_for()


def test_a_sentence_that_the_filters_hide_is_shown_without_them(show: Callable[..., BrowserPage]) -> None:
    page = show("#s=news/7&class=wrong_type")
    assert (count(page), current(page)) == ("47 of 47 sentences", "news/7")
    assert page.input_value("[name=class]") == ""


def test_an_unknown_sentence_is_told(show: Callable[..., BrowserPage]) -> None:
    assert count(show("#s=news/700")) == "47 of 47 sentences; there is no sentence news/700"


def test_a_part_of_the_page_in_the_address_is_no_filter(show: Callable[..., BrowserPage]) -> None:
    page = show("#scores")
    assert (fragment(page), count(page)) == ("#scores", "47 of 47 sentences")


def test_keys_move_search_and_help(show: Callable[..., BrowserPage]) -> None:
    page = show()
    press = page.keyboard.press
    for _ in range(20):
        press("j")
    assert current(page) == "news/19"
    press("j")
    assert (current(page), page.inner_text(".turn span")) == ("news/20", "page 2 of 3")
    press("k")
    assert current(page) == "news/19"
    press("ArrowRight")
    assert current(page) == "news/20"
    press("ArrowLeft")
    assert current(page) == "news/0"
    press("/")
    page.keyboard.type("jk?")
    assert page.input_value("[name=q]") == "jk?"
    press("Escape")
    assert not page.evaluate("document.activeElement.matches('input')")
    press("?")
    assert page.is_visible("#help")
    press("Escape")
    assert page.is_hidden("#help")


def test_single_keys_can_be_switched_off(show: Callable[..., BrowserPage]) -> None:
    page = show()
    page.click("#help-open")
    page.uncheck("#keys")
    page.click("#help button")
    page.keyboard.press("j")
    assert page.locator("article.current").count() == 0


def test_generated_text_unfolds(show: Callable[..., BrowserPage]) -> None:
    page = show("#s=blogs/46")
    page.keyboard.press("t")
    page.locator("article.current .generated", has_text="left(I-place)").nth(1).wait_for()
    assert page.locator("article.current .generated").all_inner_texts() == ["Bo(B-person) then(O) left(I-place)"] * 2
    page.goto(page.url.split("#")[0] + "#s=news/0")
    page.wait_for_selector("article.current >> text=news/0")
    page.locator("article.current summary").first.click()
    page.locator("article.current .generated", has_text="Oslo(B-place)").first.wait_for()
    assert page.locator("article.current .generated").first.inner_text() == "Ann(B-place) saw(O) Oslo(B-place)"


def test_hostile_text_is_shown_as_text(show: Callable[..., BrowserPage]) -> None:
    page = show("#s=news/odd/1")
    shown = page.locator("article.current .sentence").first.inner_text()
    assert "</script><script>document.title='broken'</script>" in shown
    assert "� م" not in shown
    assert "\ufffd\u0645" in shown
    assert "… (10,000 characters)" in shown
    assert "😀" in shown
    assert "\u2400<b>" in shown
    assert page.title() == "A report"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_theme_follows_the_system_until_it_is_chosen_and_figures_follow_it(
    show: Callable[..., BrowserPage],
) -> None:
    page = show(color_scheme="dark")
    background = "getComputedStyle(document.body).backgroundColor"
    figure = "getComputedStyle(document.querySelector('figure rect')).fill"
    assert [page.evaluate(background), page.evaluate(figure)] == ["rgb(22, 24, 28)", "rgb(21, 24, 29)"]
    page.click("#theme")
    assert page.inner_text("#theme") == "Theme: light"
    assert [page.evaluate(background), page.evaluate(figure)] == ["rgb(255, 255, 255)"] * 2
    page.reload()
    assert page.evaluate(background) == "rgb(255, 255, 255)"


@pytest.mark.parametrize("unfolded", [False, True])
def test_a_phone_needs_no_scrolling_sideways(unfolded: bool, show: Callable[..., BrowserPage]) -> None:
    page = show("#s=news/odd/1", viewport={"width": 360, "height": 740})
    page.evaluate(f"document.querySelectorAll('details').forEach((each) => (each.open = {json.dumps(unfolded)}))")
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_a_browser_without_decompression_is_told(browser: Browser, file: Path) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script("delete window.DecompressionStream")
    page.goto(file.as_uri())
    page.wait_for_selector("text=too old to unpack")
    assert page.is_hidden("#browser")
    context.close()


def test_tables_can_be_read_without_scripts(browser: Browser, file: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())
    assert "61.4" in page.inner_text("#scores")
    assert "need JavaScript" in page.inner_text("#sentences")
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_serious(
    scheme: str, width: int, show: Callable[..., BrowserPage], serious: Callable[[BrowserPage], list[tuple[str, str]]]
) -> None:
    page = show("#s=news/5", color_scheme=scheme, viewport={"width": width, "height": 900})
    page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    assert serious(page) == []


def test_predictions_without_a_place_are_shown_and_found(show: Callable[..., BrowserPage], tmp_path: Path) -> None:
    words, gold = ("Ann", "saw", "Oslo"), ("B-person", "O", "O")
    kinds = ("person", "place")
    predictions = Given(
        [
            Prediction("news", "test", "0", kinds, words, gold, gold, (("Rome", "place"), ("<b>", "odd"))),
            Prediction("news", "test", "1", kinds, words, gold, gold),
        ]
    )
    system = PageSystem(scores_document(score(predictions), Resampling(20)), predictions)
    page = show(path=write_page(tmp_path, Content([system])))
    extra = page.locator("article .extra").inner_text().replace("\xa0", " ")
    assert extra.startswith("also: Rome place +")
    assert "<b> (odd, spurious)" in extra
    assert page.is_hidden("[name=run]")
    assert page.locator("article details").count() == 0
    page.select_option("[name=class]", "spurious")
    page.select_option("[name=type]", "place")
    assert count(page) == "1 of 2 sentences"


def test_the_first_column_stays_with_its_rule_where_a_table_is_scrolled(show: Callable[..., BrowserPage]) -> None:
    page = show(viewport={"width": 390, "height": 740})
    box = page.locator("#verdict .scroll")
    box.evaluate("box => (box.scrollLeft = 300)")
    for cell in box.locator("tr > th:first-child").all():
        left, right, rule, collapse = cell.evaluate(
            """cell => {
              const { left, right } = cell.getBoundingClientRect();
              const style = getComputedStyle(cell);
              return [left, right, style.borderRightWidth, getComputedStyle(cell.closest("table")).borderCollapse];
            }"""
        )
        assert left == box.evaluate("box => box.getBoundingClientRect().left")
        assert right < 390 / 2
        # The border of a collapsed table belongs to the table, which is scrolled.
        assert (rule, collapse) == ("1px", "separate")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_print_is_light_and_holds_all_columns(theme: str, show: Callable[..., BrowserPage]) -> None:
    page = show(color_scheme=theme, viewport={"width": 1020, "height": 700})  # A4 turned, in CSS pixels
    page.evaluate("theme => (document.documentElement.dataset.theme = theme)", theme)
    page.emulate_media(media="print", color_scheme=theme)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator("figure svg rect").evaluate("rect => getComputedStyle(rect).fill") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.querySelector('#verdict tbody th')).position") == "static"
    table = page.locator("#verdict table")
    assert table.evaluate("table => table.getBoundingClientRect().right") <= 1020
    assert table.locator("..").evaluate("box => getComputedStyle(box).overflowX") == "visible"
    assert page.is_hidden("#filters")


def test_the_wide_table_is_on_paper_that_is_turned(show: Callable[..., BrowserPage], tmp_path: Path) -> None:
    pdf = show().pdf(prefer_css_page_size=True, format="A4")
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    turned = [float(width) > float(height) for width, height in boxes]
    assert any(turned)
    assert not all(turned)
