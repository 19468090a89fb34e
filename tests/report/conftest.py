from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gner_bench.catalog import catalog
from gner_bench.documents.scores import Resampling, System
from gner_bench.files import to_json
from gner_bench.report.contents import prepare
from gner_bench.report.write import Written, write_report
from gner_bench.scoring.counting import score
from gner_bench.scoring.document import scores_document
from gner_bench.scoring.metrics import DEFAULT
from gner_bench.scoring.predictions import Origin, Prediction

SENTENCES = 40
TYPES = ("person", "place", "thing")
WORDS = ("Ann", "saw", "Oslo", "and", "Bergen")
GOLD = ("B-person", "O", "B-place", "O", "B-place")
WRONG: tuple[tuple[str, ...], ...] = (
    ("B-place", "O", "B-person", "O", "B-thing"),
    ("O", "O", "O", "O", "O"),
    ("B-person", "I-person", "B-place", "I-place", "O"),
    ("O", "B-thing", "O", "B-thing", "O"),
)
"""Tags that make every kind of error."""
NASTY = r"50%_of {\bf x} & $y$ #1 ~ ^ | <b> [o] * `q` @you --x"
NASTY_TYPES = (r"a_{\type} $^2", "<script>alert(1)</script>", "漢字, a very long type that nobody would want")
CONFIDENT = {"confidence": [0.9, 0.8, 0.95, 1.0, 0.4]}
SEVEN = ("crossner_ai", "crossner_literature", "crossner_music", "crossner_politics", "crossner_science")
SEVEN += ("mit-movie", "mit-restaurant")


@dataclass(frozen=True)
class Made:
    """Sentences of which the given share of each data set is tagged right, the others wrong in turn."""

    origin: Origin
    right: dict[str, float]
    split: str = "test"
    sentences: int | None = SENTENCES
    generation: dict[str, Any] = field(default_factory=dict)
    types: tuple[str, ...] = TYPES

    def __iter__(self) -> Iterator[Prediction]:
        for dataset, share in self.right.items():
            known = catalog().find_dataset(dataset)
            sentences = self.sentences or (known.sentences if known else 0)
            for index in range(sentences):
                wrong = WRONG[index % len(WRONG)]
                tags = GOLD if index < round(share * sentences) else wrong
                renamed = dict(zip(TYPES, self.types, strict=True))
                gold, predicted = (
                    tuple(tag if tag == "O" else tag[:2] + renamed[tag[2:]] for tag in side) for side in (GOLD, tags)
                )
                yield Prediction(
                    dataset, self.split, str(index), self.types, WORDS, gold, predicted, generation=self.generation
                )


def make_document(
    name: str = "gner-tiny",
    right: dict[str, float] | None = None,
    parameters: int | None = 4_600_000,
    note: str = "",
    training_sets: tuple[str, ...] = (),
    metrics: tuple[Any, ...] = DEFAULT,
    resamples: int = 20,
    **made: Any,
) -> dict[str, Any]:
    """What ``gner-bench score`` writes for a system that tags the given shares of sentences right."""
    origin = Origin((Path(f"{name}.jsonl"),), System(name, parameters, note, training_sets), "greedy")
    predictions = Made(origin, right or {"crossner_ai": 0.5, "mit-movie": 0.25}, **made)
    found: dict[str, Any] = json.loads(
        to_json(scores_document(score(predictions, metrics), Resampling(resamples)).json())
    )
    return found


@pytest.fixture(name="document")
def document_fixture() -> Callable[..., dict[str, Any]]:
    """Builds what a scores.json holds; see ``make_document``."""
    return make_document


@pytest.fixture
def scores_file(tmp_path: Path) -> Callable[..., Path]:
    """Writes ``folder``/``file`` below the test's folder and returns its path; other arguments as make_document."""

    def write(folder: str = "run", file: str = "scores.json", **content: Any) -> Path:
        path = tmp_path / folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(make_document(**content)), encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def latex_report(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """A report for LaTeX on systems with nasty names, intervals and a baseline. Not to be changed."""
    folder = tmp_path_factory.mktemp("latex")
    paths = []
    for name, share in ((NASTY, 0.3), (f"{NASTY} 2", 0.8)):
        path = folder / f"{share}.json"
        right = {**dict.fromkeys(SEVEN[:3], share), NASTY: share}
        content = make_document(
            name, right, note="漢 _ a note", parameters=None, types=NASTY_TYPES, generation=CONFIDENT
        )
        path.write_text(json.dumps(content), encoding="utf-8")
        paths.append(path)
    return write_report(prepare(paths, baseline=str(paths[0]), intervals=True), folder / "report", ("tex", "pdf"))


BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
LAYOUT: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"}


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright")
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("needs Chromium (on the PATH, or named by $CHROMIUM)")
    with playwright.sync_playwright() as started:
        running = started.chromium.launch(executable_path=found)
        yield running
        running.close()


@pytest.fixture(scope="session")
def tab(browser: Any) -> Iterator[Any]:
    """One page for all tests: a page of its own for each would take most of their time."""
    context = browser.new_context(**LAYOUT)
    yield context.new_page()
    context.close()


@pytest.fixture
def visit(tab: Any) -> Iterator[Callable[..., Any]]:
    """Opens a file in the tab, or in another tab from the second time on, with nothing that an earlier test stored.

    The console must stay empty, and nothing is asked of any server. ``changes`` are those of ``LAYOUT``.
    """
    said: list[str] = []
    listeners: dict[str, Callable[[Any], object]] = {
        "console": lambda message: said.append(message.text),
        "pageerror": lambda error: said.append(str(error)),
        "request": lambda request: request.url.startswith(("file:", "data:")) or said.append(request.url),
    }
    pages: list[Any] = []

    def visited(path: Path, address: str = "", **changes: Any) -> Any:
        page = tab if not pages else tab.context.new_page()
        pages.append(page)
        layout = {**LAYOUT, **changes}
        page.set_viewport_size(layout["viewport"])
        page.emulate_media(color_scheme=layout["color_scheme"])
        for event, listener in listeners.items():
            page.on(event, listener)
        page.goto(path.as_uri() + address)
        return page

    yield visited
    if pages:
        tab.evaluate("localStorage.clear()")
        for event, listener in listeners.items():
            tab.remove_listener(event, listener)
        tab.goto("about:blank")
        tab.emulate_media(media="null")
    for page in pages[1:]:
        page.close()
    assert said == []


@pytest.fixture
def serious() -> Callable[[Any], list[tuple[str, str]]]:
    """What axe finds on a page that is serious or worse: the rule and an element."""
    root = Path(__file__).parents[2]
    axe = Path(os.environ.get("AXE_PATH") or root / "node_modules/axe-core/axe.min.js")
    if not axe.is_file():
        pytest.skip("needs axe-core (node_modules/axe-core, or axe.min.js named by $AXE_PATH)")

    def find(page: Any) -> list[tuple[str, str]]:
        page.evaluate(axe.read_text(encoding="utf-8"))
        found = page.evaluate("axe.run().then((results) => results.violations)")
        serious = [each for each in found if each["impact"] in ("serious", "critical")]
        return [(each["id"], each["nodes"][0]["html"]) for each in serious]

    return find
