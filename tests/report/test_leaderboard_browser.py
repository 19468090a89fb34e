"""The page of a leaderboard in a browser: filters, sorting, narrow screens, no scripts, accessibility."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gner_bench.documents.scores import Resampling, System
from gner_bench.files import NamedPath, write_json
from gner_bench.report.contents import prepare
from gner_bench.report.leaderboard.write import write_leaderboard
from gner_bench.scoring.counting import score
from gner_bench.scoring.document import scores_document
from gner_bench.scoring.metrics import DEFAULT
from gner_bench.scoring.predictions import Origin

from .conftest import Made

pytestmark = pytest.mark.slow

BrowserPage = Any
SYSTEMS = {
    "large": (783e6, {"mit-movie": 0.9, "crossner_ai": 0.5}, "a"),
    "small": (7e6, {"mit-movie": 0.5, "crossner_ai": 0.9}, "b"),
    "tiny <b>x</b>": (None, {"mit-movie": 0.2, "crossner_ai": 0.2}, "c"),
    "alone": (3e9, {"mit-movie": 0.6}, "d"),
}
"""Parameters, share of right sentences by data set, and file."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("leaderboard")
    sources = []
    for name, (parameters, right, file) in SYSTEMS.items():
        trained = ("mit-movie/train",) if name == "small" else ()
        system = System(name, int(parameters) if parameters else None, training_sets=trained)
        scored = score(Made(Origin((), system), right), DEFAULT)
        write_json(folder / f"{file}.json", scores_document(scored, Resampling(20)).json())
        sources.append(NamedPath(folder / f"{file}.json", name))
    contents = prepare(sources, published=("GNER-T5-x*",), title="Our board")
    write_leaderboard(contents, folder / "site", "all")
    return folder / "site/index.html"


@pytest.fixture
def show(visit: Callable[..., BrowserPage], site: Path) -> Callable[..., BrowserPage]:
    return partial(visit, site)


def shown(page: BrowserPage) -> dict[str, list[str]]:
    """The cells that are to be seen of each row of the first metric, by the name of the system."""
    rows = page.locator("section").first.locator(".board:visible tbody tr:not(.group):visible").all()
    cells = [[cell.inner_text().split("\n")[0] for cell in row.locator("th:visible, td:visible").all()] for row in rows]
    return {name.split("\u00a0")[0].rstrip("abc "): others for name, *others in cells}


def test_all_systems_are_there_without_a_filter(show: Callable[..., BrowserPage]) -> None:
    page = show()
    assert page.inner_text("#count") == "4 of 4 systems, 2 of 2 published ones"
    assert page.title() == "Our board"
    assert page.locator("section h3").all_inner_texts()[:3] == [
        "Group 1: 2 data sets (test), 80 sentences; differs from others in data sets, misc types",
        "Group 2: Movie (test), 40 sentences; differs from others in data sets, misc types",
        "Published scores, quoted",
    ]


def test_a_data_set_has_its_own_ranks_and_training(show: Callable[..., BrowserPage]) -> None:
    page = show()
    page.select_option("[name=set]", "mit-movie")
    head = page.locator(".board thead tr").first.locator("th:visible").all_inner_texts()
    assert head == ["System", "Rank", "Movie", "Parameters (M)", "Training", "Files"]
    found = shown(page)
    assert [(name, cells[0], cells[3]) for name, cells in found.items()][:3] == [
        ("large", "1", "not known"),
        ("small", "2", "supervised"),
        ("tiny <b>x</b>", "3", "not known"),
    ]
    page.select_option("[name=set]", "crossner_ai")
    found = shown(page)
    assert [(name, cells[0], cells[3]) for name, cells in found.items()][:2] == [
        ("small", "1", "types unseen"),
        ("large", "2", "not known"),
    ]
    assert "alone" not in found
    page.click("button[type=reset]")
    page.locator(".board").nth(1).wait_for()
    assert shown(page)["small"][-2] == "supervised (1 of 2 data sets)"


FILTERS = [
    ("size", "under 0.1 billion", ["small"]),
    ("size", "1 to 10 billion", ["alone", "GNER-T5-xl (quoted)"]),
    ("size", "not known", ["tiny <b>x</b>"]),
    ("training", "supervised", ["small"]),
    ("q", "GE", ["large"]),
]


def test_filters_let_through_what_they_name(show: Callable[..., BrowserPage]) -> None:
    page = show()
    for field, value, names in FILTERS:
        if field == "q":
            page.fill("[name=q]", value)
        else:
            page.select_option(f"[name={field}]", value)
        assert list(shown(page)) == names
        address = page.evaluate("location.hash")
        page.click("button[type=reset]")
        page.wait_for_url(lambda url: "#" not in url)
    # The address holds the filter, here the last one.
    assert list(shown(show(address))) == names


def test_rank_sorts_from_the_first(show: Callable[..., BrowserPage]) -> None:
    page = show()
    head = page.locator(".board thead th").nth(1)
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"


def test_a_phone_needs_no_scrolling_sideways(show: Callable[..., BrowserPage]) -> None:
    page = show(viewport={"width": 390, "height": 800})
    page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_it_is_a_plain_table_without_scripts(browser: Any, site: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site.as_uri())
    assert page.is_hidden("#filters")
    # Six systems, and three lines of data.
    assert page.locator("section").first.locator(".board tbody tr:not(.group)").count() == 9
    context.close()


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 1280)])
def test_axe_finds_nothing_serious(
    scheme: str, width: int, show: Callable[..., BrowserPage], serious: Callable[[BrowserPage], list[tuple[str, str]]]
) -> None:
    page = show("#set=mit-movie", color_scheme=scheme, viewport={"width": width, "height": 900})
    page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    assert serious(page) == []
