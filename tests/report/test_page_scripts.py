"""The page's scripts against the Python that writes what they read, run in Node.js or else in Chromium."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest

from gner_bench.documents.scores import Resampling
from gner_bench.report.page.content import PageSystem
from gner_bench.report.page.samples import CLASSES, CLEANED, classified_spans, columns
from gner_bench.scoring.counting import score
from gner_bench.scoring.document import scores_document
from gner_bench.scoring.predictions import Prediction

from ..scoring.sentences import Given

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome")
ANSWER = """(() => {
  const samples = new Samples(data);
  const texts = data.ids.map((_, at) => samples.text(0, at));
  const empty = { set: "", type: "", class: "", step: "", run: "", q: "", errors: false, differ: false };
  const find = (filter) => samples.find({ ...empty, ...filter });
  const byClass = Object.fromEntries(data.classes.map((name) => [name, find({ class: name })]));
  return { texts, byClass, errors: find({ errors: true }), marks: Object.keys(MARKS) };
})()"""
PAIRS: tuple[tuple[str, str], ...] = (
    ("B-a I-a O O", "B-a I-a O O"),
    ("B-a I-a O O", "B-b I-b O O"),
    ("B-a I-a O O", "B-a O O O"),
    ("B-a I-a O O", "B-b O O O"),
    ("B-a I-a O O", "O O O O"),
    ("O O O O", "O B-b I-b O"),
    ("O O O O", "O I-b I-b O"),
    ("B-a O B-b I-b", "I-a O B-a I-a"),
    ("O O O O", "O O O O"),
)
"""Gold and predicted tags in which every class occurs."""


@pytest.fixture
def run_script() -> Callable[[str], Any]:
    """Gives the value of an expression of JavaScript."""
    if node := shutil.which("node"):

        def in_node(expression: str) -> Any:
            script = f"console.log(JSON.stringify({expression}))"
            done = subprocess.run([node, "-"], input=script, capture_output=True, text=True, check=True)
            return json.loads(done.stdout)

        return in_node
    playwright = pytest.importorskip("playwright.sync_api", reason="needs Node.js or Playwright")
    chromium = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM)), None)
    if chromium is None:
        pytest.skip("needs Node.js or Chromium (on the PATH; Chromium may be named by $CHROMIUM)")

    def in_chromium(expression: str) -> Any:
        with playwright.sync_playwright() as started:
            browser = started.chromium.launch(executable_path=chromium)
            value = browser.new_page().evaluate(expression)
            browser.close()
        return value

    return in_chromium


def test_the_scripts_read_texts_and_classes_as_they_were_written(run_script: Callable[[str], Any]) -> None:
    sentences = []
    for number, (gold, predicted) in enumerate(PAIRS):
        words = ("Ann", f"w{number}", "left", "it")
        text = " ".join(map("{}({})".format, words, predicted.split())) if number % 2 else f"other text {number}"
        tags = tuple(gold.split()), tuple(predicted.split())
        sentences.append(Prediction("news", "test", str(number), ("a", "b"), words, *tags, (), text))
    # Texts as decoders write them: every space that they drop, before a word as well as inside of one.
    for number, part in enumerate(CLEANED, start=len(PAIRS)):
        words = ("it", part.strip(), f"a{part}b")
        text = f"it(O) {part.strip()}(O) a{part}b(O)"
        for each in CLEANED:
            text = text.replace(each, each.strip())
        sentences.append(Prediction("news", "test", str(number), ("a", "b"), words, ("O",) * 3, ("O",) * 3, (), text))
    sentences.append(Prediction("news", "test", "unplaced", ("a", "b"), ("it",), ("O",), ("O",), (("Rome", "b"),)))
    listed = Given(sentences)
    data = columns([PageSystem(scores_document(score(listed), Resampling(20)), listed)])
    assert data is not None
    assert set(data["runs"][0]["text"]) > {0, 1}

    source = "\n".join(
        files("gner_bench.report.page").joinpath(name).read_text() for name in ("samples.js", "cards.js")
    )
    answer = run_script(f"(() => {{ {source}\nconst data = {json.dumps(data)};\nreturn {ANSWER}; }})()")

    classes = [
        {CLASSES[span[3]] for span in classified_spans(sentence)} | ({"spurious"} if sentence.unplaced else set())
        for sentence in sentences
    ]
    assert answer["texts"] == [sentence.text for sentence in sentences]
    assert answer["byClass"] == {
        name: [at for at, those in enumerate(classes) if name in those] for name in data["classes"]
    }
    assert all(answer["byClass"].values())
    assert answer["errors"] == [at for at, those in enumerate(classes) if those - {"correct", "stray"}]
    assert answer["marks"] == list(CLASSES)
