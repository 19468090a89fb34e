from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gner_bench.api import load_predictions, score
from gner_bench.bio import strict_spans
from gner_bench.documents.scores import Analysis, Resampling
from gner_bench.errors import IntegrityError, UsageError
from gner_bench.report.grid import Cell, Grid, Section
from gner_bench.report.page import Content, PageFigure, PageSystem, write_page
from gner_bench.report.page.html import table
from gner_bench.report.page.samples import CLASSES, classified_spans, stored_text
from gner_bench.report.views.verdict import Statement
from gner_bench.scoring.document import scores_document
from gner_bench.scoring.errors import classify
from gner_bench.scoring.predictions import Prediction

Record = Callable[..., dict[str, Any]]
Write = Callable[..., Path]
HOSTILE = "</script><script>alert(1)</script>\"'&<img src=x onerror=alert(1)>\0\u202e"
GRID = Grid(
    "f1_gner",
    "F1 by the GNER metric",
    (Cell("System"), Cell("News"), Cell("Mean")),
    (
        Section(((Cell("ours"), Cell("61.4", "2.4", rank="best"), Cell("61.4", star="*")),)),
        Section(((Cell("theirs (quoted)"), Cell("59.5"), Cell("–", notes=("no mean",))),), "quoted from publications"),
    ),
    ("In percent.",),
)


class Page(HTMLParser):
    """The elements of a page: their names with attributes, and all text outside of style and scripts."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.source, self.text = source, ""
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in ("style", "script"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._open and tag == self._open[-1]:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self.text += "" if self._open else data

    def of(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag == name]

    @property
    def samples(self) -> dict[str, Any]:
        found = re.search(r'id="samples">([A-Za-z0-9+/=]*)</script>', self.source)
        assert found
        unpacked: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(found[1])))
        return unpacked


@pytest.fixture
def system(predictions_file: Write) -> Callable[..., PageSystem]:
    """A system that made the predictions of records; ``shown`` says whether the page gets them."""

    def build(*records: dict[str, Any], name: str = "ours", shown: bool = True, **values: Any) -> PageSystem:
        path = predictions_file(
            *records, file=f"{hashlib.sha256(repr(name).encode()).hexdigest()}/{len(records)}.jsonl"
        )
        predictions = load_predictions(path, tokenizer="none", name=name)
        scores = scores_document(score(predictions), Resampling(20))
        return PageSystem(scores, predictions if shown else None, **values)

    return build


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., Page]:
    """The page of systems."""
    return lambda systems, **values: Page(
        write_page(tmp_path / "index.html", Content(systems, **values)).read_text(encoding="utf-8")
    )


def sentence(gold: Sequence[str], predicted: Sequence[str], text: str = "") -> Prediction:
    words = tuple(f"w{index}" for index in range(len(gold)))
    return Prediction("news", "test", "0", ("a", "b"), words, tuple(gold), tuple(predicted), (), text)


TAGS = st.lists(st.sampled_from(["O", "B-a", "I-a", "B-b", "I-b"]), min_size=2, max_size=24)
SENTENCES = TAGS.map(lambda tags: sentence(tags[::2][: len(tags) // 2], tags[1::2]))


@given(SENTENCES)
def test_spans_have_the_classes_of_the_error_analysis(each: Prediction) -> None:
    expected = Counter(name for name, *_ in classify(strict_spans(each.gold), strict_spans(each.predicted)))
    found = Counter(CLASSES[span[3]] for span in classified_spans(each))
    del found["stray"]
    assert found == expected


@given(SENTENCES)
def test_predicted_tags_follow_from_the_spans(each: Prediction) -> None:
    tags = ["O"] * len(each.words)
    for start, end, kind, number in classified_spans(each):
        if CLASSES[number] != "missed":
            tags[start:end] = [f"I-{kind}"] * (end - start)
            tags[start] = f"{'I' if CLASSES[number] == 'stray' else 'B'}-{kind}"
    assert tuple(tags) == each.predicted


@pytest.mark.parametrize(
    ("text", "stored"),
    [("w0(B-a) w1(O)", 0), ("w0(B-a)  w1(O)", "w0(B-a)  w1(O)"), ("", "")],
    ids=["plain", "two spaces", "none"],
)
def test_a_text_that_follows_from_the_tags_is_not_stored(text: str, stored: str | int) -> None:
    assert stored_text(sentence(["O", "O"], ["B-a", "O"], text)) == stored


def test_a_text_without_the_spaces_that_decoders_drop_is_not_stored() -> None:
    each = Prediction("news", "test", "0", ("a",), ("ca", "n't", "."), ("O",) * 3, ("O",) * 3, (), "ca(O)n't(O).(O)")
    assert stored_text(each) == 1


def test_the_summary_shows_mean_and_interval_of_the_document(
    system: Callable[..., PageSystem], made: Callable[..., Page], record: Record
) -> None:
    ours = system(record(), record(id="1", prediction="Ann(O) saw(O) Oslo(B-place)"))
    mean = ours.document.average["gner"]
    assert mean.interval is not None
    low, high = mean.interval["f1"]
    assert f"{100 * mean.f1:.1f} ({100 * low:.1f} to {100 * high:.1f})" in made([ours]).text


def test_the_same_systems_give_the_same_bytes(
    system: Callable[..., PageSystem], tmp_path: Path, record: Record
) -> None:
    ours = system(record(), record(id="1"))
    first, second = (write_page(tmp_path / name, Content([ours], tables=[GRID])) for name in ("a.html", "b.html"))
    assert first.read_bytes() == second.read_bytes()


def test_the_page_is_written_into_a_folder_as_index(
    system: Callable[..., PageSystem], tmp_path: Path, record: Record
) -> None:
    assert write_page(tmp_path, Content([system(record())])) == tmp_path / "index.html"


def test_the_policy_admits_exactly_the_scripts_and_the_style_of_the_page(
    system: Callable[..., PageSystem], made: Callable[..., Page], record: Record
) -> None:
    page = made([system(record())])
    policy = next(each["content"] for each in page.of("meta") if each.get("http-equiv"))
    assert policy is not None
    code = re.findall(r"<(style|script)(?: type=\"module\")?>(.*?)</\1>", page.source, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for _, text in code]
    assert re.findall(r"'sha256-([^']*)'", policy) == hashes
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert "unsafe" not in policy


def test_the_page_refers_to_nothing_outside_of_it(
    system: Callable[..., PageSystem], made: Callable[..., Page], record: Record
) -> None:
    page = made([system(record())], figures=[PageFigure("one", "<svg/>", "a figure")])
    links = [value for _, attributes in page.elements for key in ("src", "href") if (value := attributes.get(key))]
    assert links
    assert all(link.startswith(("#", "data:")) for link in links)
    assert "@import" not in page.source
    assert "url(" not in page.source


def test_hostile_text_is_text_everywhere(
    system: Callable[..., PageSystem], made: Callable[..., Page], record: Record
) -> None:
    labels = [HOSTILE.replace("\0", ""), "place"]
    ours = system(record(words=[HOSTILE, "x", "Oslo"], label_list=labels, labels=["O", "O", "B-place"]), name=HOSTILE)
    cell = Cell(HOSTILE, notes=(HOSTILE,))
    grid = Grid(
        HOSTILE, HOSTILE, (cell,), (Section(((cell,),), HOSTILE),), (HOSTILE,), (HOSTILE,), {}, {HOSTILE: (HOSTILE,)}
    )
    figure = PageFigure("one", "<svg/>", HOSTILE)
    page = made(
        [ours], title=HOSTILE, figures=[figure], tables=[grid], types={HOSTILE: [grid], "b": [grid]}, warnings=[HOSTILE]
    )
    assert [each.get("type") for each in page.of("script")] == [None, "text/plain", "module"]
    assert not [key for _, attributes in page.elements for key in attributes if key.startswith("on") or key == "style"]
    assert [each for each in page.of("img") if each.get("src") == "x"] == []
    assert page.text.count("<script>alert(1)</script>") >= 8
    assert "\0" not in page.source
    assert "\u202e" not in page.source
    assert page.samples["words"][0][0] == HOSTILE


def test_half_a_surrogate_pair_in_a_name_does_not_stop_the_page(
    system: Callable[..., PageSystem], made: Callable[..., Page], record: Record
) -> None:
    assert "half \ufffd" in made([system(record(), name="half \ud800", shown=False)]).text


def test_a_very_long_name_is_cut_and_says_so(
    system: Callable[..., PageSystem], made: Callable[..., Page], record: Record
) -> None:
    page = made([system(record(), name="x" * 10_000)])
    assert "… (10,000 characters)" in page.text
    assert "x" * 201 not in page.text


def test_a_sentence_of_several_runs_is_stored_once(
    system: Callable[..., PageSystem], made: Callable[..., Page], record: Record
) -> None:
    wrong = record(id="1", prediction="Ann(B-place) saw(O) Oslo(B-place)")
    samples = made([system(record(), wrong), system(record(), name="other")]).samples
    place, person = samples["types"].index("place"), samples["types"].index("person")
    assert samples["ids"] == ["0", "1"]
    assert samples["gold"] == [[0, 1, person, 2, 3, place]] * 2
    assert [run["name"] for run in samples["runs"]] == ["ours", "other"]
    assert samples["runs"][0]["spans"] == [0, [0, 1, place, CLASSES.index("wrong_type"), 2, 3, place, 0]]
    assert samples["runs"][1]["spans"] == [0, None]
    assert samples["runs"][1]["text"] == [0, None]


def test_types_that_no_entity_has_are_known(
    system: Callable[..., PageSystem], made: Callable[..., Page], record: Record
) -> None:
    samples = made([system(record(label_list=["person", "place", "event"]))]).samples
    assert [samples["types"][number] for number in samples["sets"][0]["types"]] == ["person", "place", "event"]


def test_sentences_that_differ_in_gold_stay_apart(
    system: Callable[..., PageSystem], made: Callable[..., Page], record: Record
) -> None:
    other = system(record(labels=["O", "O", "B-place"]), name="other")
    assert made([system(record()), other]).samples["ids"] == ["0", "0"]


def test_classes_of_the_samples_sum_to_those_of_the_scores(
    system: Callable[..., PageSystem], made: Callable[..., Page], record: Record
) -> None:
    predictions = [
        "Ann(O) saw(B-person) Oslo(B-place)",
        "Ann(B-place) saw(I-place) Oslo(B-person)",
        "Ann(I-person) saw(O) Oslo(O)",
    ]
    ours = system(*(record(id=str(at), prediction=text) for at, text in enumerate(predictions)))
    spans = made([ours]).samples["runs"][0]["spans"]
    found = Counter(CLASSES[number] for flat in spans for number in flat[3::4])
    assert found.pop("stray") == 1
    errors = ours.document.datasets["news"].analysis.errors
    assert errors is not None
    assert found == {name: count for name, count in errors.classes.items() if count}


def test_without_predictions_there_is_no_browser_and_the_page_says_why(
    system: Callable[..., PageSystem], made: Callable[..., Page], record: Record
) -> None:
    lacking = system(record(), name="theirs <i>", shown=False, missing="mine.jsonl is not there")
    page = made([lacking])
    assert page.of("section")[-1]["id"] == "sentences"
    assert "No sentences of theirs <i>: mine.jsonl is not there." in page.text
    assert page.of("form") == []
    assert len(page.of("script")) == 2
    both = made([system(record()), lacking])
    assert "No sentences of theirs <i>: mine.jsonl is not there." in both.text
    assert "No sentences of ours" not in both.text
    assert len(both.of("form")) == 2


def test_the_page_opens_with_the_verdict_and_its_tables(
    system: Callable[..., PageSystem], made: Callable[..., Page], record: Record
) -> None:
    verdict = [Statement("<b> is best", "by 3 & more"), Statement("other", "0.1")]
    page = made([system(record())], verdict=verdict, changes=[replace(GRID, title="changes")] * 3, tables=[GRID])
    assert [each["id"] for each in page.of("section")][:3] == ["verdict", "summary", "scores"]
    first = page.source.partition('<section id="summary"')[0].partition('<section id="verdict"')[2]
    assert "<strong>&lt;b&gt; is best:</strong> by 3 &amp; more</p>" in first
    assert first.count("<table>") == 3
    assert first.count("<details>") == 1  # the third folds
    assert 'id="verdict"' not in made([system(record())]).source


@pytest.mark.parametrize(
    ("columns", "text", "paper"),
    [(8, "61.4", None), (20, "61.4", "wide"), (8, "61.4 (60.1 to 63)", "wide small"), (60, "61.4", "wide tiny")],
)
def test_a_table_that_is_wider_than_paper_is_turned_and_printed_smaller(
    columns: int, text: str, paper: str | None
) -> None:
    # 2 characters of space and 4 or 17 of text each, after a first column of 2 + 8: 58, 130, 162 and 370.
    heads, row = (Cell("System"), *[Cell("F1")] * columns), (Cell("gner-xxl"), *[Cell(text)] * columns)
    source = table(Grid("t", "t", heads, (Section((row,)),)))
    assert source.startswith(f'<div class="{paper}">' if paper else '<div class="scroll"')


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *((text, True) for text in ("61.4", "+3.9", "−4.7 to +7.9", "< 0.001", "57.5 (54.9 to 60.0)", "12 (1,234)")),
        *((text, False) for text in ("greedy", "1 of 3", "dev 3 to 4")),
    ],
)
def test_columns_of_numbers_and_intervals_are_not_those_of_words(text: str, number: bool) -> None:
    source = table(Grid("t", "t", (Cell("a"), Cell("b")), (Section(((Cell("x"), Cell(text)),)),)))
    assert ('class="words"' not in source) is number


@pytest.mark.parametrize("changes", [{"words": ["Bo", "saw", "Oslo"]}, {"prediction": "Ann(O) saw(O) Oslo(O)"}])
def test_predictions_other_than_the_scored_ones_are_refused(
    changes: dict[str, Any], system: Callable[..., PageSystem], tmp_path: Path, record: Record
) -> None:
    scored, other = system(record()), system(record(**changes), name="other")
    with pytest.raises(IntegrityError, match="predictions of ours are not those that were scored \\(news\\)"):
        write_page(tmp_path / "index.html", Content([PageSystem(scored.document, other.predictions)]))
    assert not (tmp_path / "index.html").exists()


def test_no_systems_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="at least one system"):
        write_page(tmp_path / "index.html", Content([]))


def test_tables_have_scopes_ranks_and_quoted_rows(
    system: Callable[..., PageSystem], made: Callable[..., Page], record: Record
) -> None:
    page = made([system(record(), shown=False)], tables=[GRID])
    source = page.source
    assert '<strong><bdi>61.4</bdi></strong><span class="unseen"> (best)</span><small> ±2.4</small>' in source
    assert "<bdi>61.4</bdi><sup>*</sup>" in source
    assert '<tbody class="quoted"><tr class="group"><th scope="rowgroup" colspan="3">quoted from publications' in source
    assert "<sup>a</sup> no mean" in source
    assert {each.get("scope") for each in page.of("th")} == {"col", "row", "rowgroup"}


def test_tables_after_the_first_two_are_folded(
    system: Callable[..., PageSystem], made: Callable[..., Page], record: Record
) -> None:
    pages = [made([system(record(), shown=False)], tables=[GRID] * count) for count in (2, 3)]
    assert len(pages[1].of("details")) == len(pages[0].of("details")) + 1


def test_a_warning_of_all_systems_is_told_once_and_others_name_theirs(
    system: Callable[..., PageSystem], made: Callable[..., Page], record: Record
) -> None:
    ours = system(record(), shown=False, warnings=("partial", "odd"))
    page = made([ours, system(record(), name="other", shown=False, warnings=("partial",))], warnings=["unlike"])
    assert "3 warnings" in page.text
    assert page.text.count("partial") == 1
    assert "ours: odd" in page.text


def test_errors_are_summed_over_data_sets(
    system: Callable[..., PageSystem], made: Callable[..., Page], record: Record
) -> None:
    page = made([system(record(), record(dataset="blogs"), shown=False)])
    section = page.source.split('id="errors"')[1]
    assert section.index("Entities by class") < section.index("<td><bdi>4</bdi></td>") < section.index("Errors on news")


def test_scores_without_an_error_analysis_have_no_section_of_errors(
    system: Callable[..., PageSystem], made: Callable[..., Page], record: Record
) -> None:
    ours = system(record(), shown=False)
    news = replace(ours.document.datasets["news"], analysis=Analysis())
    early = replace(ours, document=replace(ours.document, datasets={"news": news}))
    assert 'id="errors"' in made([ours]).source
    assert 'id="errors"' not in made([early]).source


def test_figures_are_in_the_page_in_its_colours_without_styles_that_its_policy_forbids(
    system: Callable[..., PageSystem], made: Callable[..., Page], record: Record
) -> None:
    svg = (
        '<?xml version="1.0"?><svg viewBox="0 0 9 9"><metadata>x</metadata><style type="text/css">*{}</style>'
        '<defs><path id="m1"/></defs><!-- a comment --><use href="#m1" style="fill: #0072b2; stroke: none"/></svg>'
    )
    page = made([system(record())], figures=[PageFigure("one", svg, "first"), PageFigure("two", svg, "second")])
    assert [each["aria-label"] for each in page.of("div") if each.get("role") == "img"] == ["first", "second"]
    assert [each["id"] for each in page.of("path")] == ["one-m1", "two-m1"]
    assert [(each["href"], each["fill"], each["stroke"]) for each in page.of("use")] == [
        (f"#{name}-m1", "var(--figure-4, #0072b2)", "none") for name in ("one", "two")
    ]
    assert "--figure-4: light-dark(#0072b2, #56b4e9);" in page.source
    assert not [part for part in ("style=", "<metadata", "a comment") if part in page.source]
