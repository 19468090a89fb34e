"""Size of the report page and how fast it is in Chromium, printed as Markdown.

    python benchmarks/page.py FILE… [--tokenizer PATH] [--repeats 5]

Pages of the prediction FILEs as they are, and of five systems on 6,470 sentences: the FILEs in turn, their sentences
repeated with other letters, so that they do not compress better than new ones. Needs Playwright and Chromium (on the
PATH, or named by $CHROMIUM). Times are in ms, medians of the repeats, each in a fresh context: to the first paint,
until the sentences can be read, and of the slowest of many filters with the new list laid out.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import statistics
import string
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, sync_playwright

from gner_bench.api import load_predictions, score
from gner_bench.documents.fields import Json
from gner_bench.documents.scores import Resampling
from gner_bench.report.page import Content, PageSystem, write_page
from gner_bench.scoring.document import scores_document

SYSTEMS, SENTENCES = 5, 6_470
LETTERS = string.ascii_lowercase
LABEL = re.compile(r"(\([BI]-.*?\)|\(O\))")
NAMES = ("chromium", "chromium-browser", "google-chrome")
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
READY = "performance.getEntriesByName('sentences')[0].startTime"
FILTERS = """() => {
  const form = document.getElementById("filters");
  const settings = [
    ["q", "the"], ["q", "o"], ["q", "zzz"], ["q", ""], ["class", "wrong_type"], ["class", "missed"], ["class", ""],
    ["type", form.elements.type.options[1].value], ["type", ""], ["step", "lcs"], ["step", ""],
    ["set", form.elements.set.options[1].value], ["set", ""],
  ];
  const apply = ([name, value]) => {
    const start = performance.now();
    form.elements[name].value = value;
    form.elements[name].dispatchEvent(new Event("input", { bubbles: true }));
    document.body.getBoundingClientRect();
    return performance.now() - start;
  };
  return Math.max(...settings.map(apply));
}"""


@dataclass(frozen=True)
class Measured:
    """``build`` in seconds, ``size`` in bytes, the others in ms."""

    build: float
    size: int
    painted: float
    ready: float
    filtered: float


def repeated(path: Path, sentences: int, out: Path) -> Path:
    """The records of ``path`` again and again, as many as ``sentences``, each time with other letters in the words."""
    records: list[Json] = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    with out.open("w", encoding="utf-8") as file:
        for number, record in enumerate(islice(cycle(records), sentences)):
            file.write(json.dumps(shifted(record, number // len(records))) + "\n")
    return out


def shifted(record: Json, shift: int) -> Json:
    """The record with every letter of its words moved on by ``shift`` places of the alphabet, under a new id."""
    letters = str.maketrans(LETTERS, LETTERS[shift:] + LETTERS[:shift])
    instance = record["instance"]
    words = [word.translate(letters) for word in instance["words"]]
    text = "".join(
        part if LABEL.fullmatch(part) else part.translate(letters) for part in LABEL.split(record["prediction"])
    )
    instance = instance | {"id": f"{instance['id']}-{shift}", "words": words}
    return record | {"instance": instance, "prediction": text}


def system(path: Path, tokenizer: str, name: str) -> PageSystem:
    predictions = load_predictions(path, tokenizer=tokenizer, name=name)
    return PageSystem(scores_document(score(predictions), Resampling(100)), predictions)


def many(files: list[Path], tokenizer: str, folder: Path) -> Iterator[PageSystem]:
    for number, path in enumerate(islice(cycle(files), SYSTEMS), start=1):
        yield system(repeated(path, SENTENCES, folder / f"{number}.jsonl"), tokenizer, f"system {number}")


def measure(systems: list[PageSystem], out: Path, browser: Browser, repeats: int) -> Measured:
    start = time.perf_counter()
    write_page(out, Content(systems))
    build = time.perf_counter() - start
    visits = [visit(out, browser) for _ in range(repeats)]
    painted, ready, filtered = (statistics.median(column) for column in zip(*visits, strict=True))
    return Measured(build, out.stat().st_size, painted, ready, filtered)


def visit(page_file: Path, browser: Browser) -> tuple[float, float, float]:
    """The times of one visit in ms: first paint, sentences ready, slowest filter."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(page_file.as_uri())
    page.wait_for_selector("#browser:not([hidden])")
    times = page.evaluate(PAINTED), page.evaluate(READY), page.evaluate(FILTERS)
    context.close()
    return times


def row(title: str, measured: Measured) -> str:
    times = f"{measured.painted:.0f} | {measured.ready:.0f} | {measured.filtered:.0f}"
    return f"| {title} | {measured.size / 1e6:.2f} | {measured.build:.1f} | {times} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--tokenizer", default="none", metavar="PATH", help="back-tokenizer (default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=5, help="of which the median is taken (default: %(default)s)")
    options = parser.parse_args()
    chromium = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    with TemporaryDirectory() as name, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium)
        print(f"Chromium {browser.version}, Python {platform.python_version()}, {platform.machine()}\n")
        print("| page | MB | built in s | first paint | sentences | slowest filter |")
        print("| --- | ---: | ---: | ---: | ---: | ---: |")
        out = Path(name) / "index.html"
        few = [system(path, options.tokenizer, path.stem) for path in options.files]
        print(row(f"{len(few)} systems, as they are", measure(few, out, browser, options.repeats)), flush=True)
        several = list(many(options.files, options.tokenizer, Path(name)))
        print(row(f"{SYSTEMS} systems, {SENTENCES:,} sentences", measure(several, out, browser, options.repeats)))
        browser.close()


if __name__ == "__main__":
    main()
