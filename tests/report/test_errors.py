from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from gner_bench.api import load_predictions, score
from gner_bench.documents.scores import Resampling, ScoresDocument
from gner_bench.number_text import share_text
from gner_bench.report.analysis import added, mistakes_of, pooled
from gner_bench.report.render.terminal import show
from gner_bench.report.score import print_scores
from gner_bench.report.views.analysis import analysis_view
from gner_bench.scoring.document import scores_document

Record = Callable[..., dict[str, Any]]
Builder = Callable[..., ScoresDocument]


@pytest.fixture
def scored(predictions_file: Callable[..., Path]) -> Builder:
    """The document of scores.json of records."""

    def build(*records: dict[str, Any]) -> ScoresDocument:
        return scores_document(score(load_predictions(predictions_file(*records), tokenizer="none")), Resampling(0))

    return build


@pytest.fixture
def news(scored: Builder, record: Record) -> ScoresDocument:
    """Two data sets: a word omitted and a wrong type in one, a spurious entity and a confidence in the other."""
    return scored(
        record(prediction="Ann(B-place) saw(O) Oslo(B-place)"),
        record(id="1", prediction="Ann(B-person) Oslo(B-city)"),
        record(
            dataset="films",
            prediction="Ann(B-person) saw(B-person) Oslo(B-place)",
            generation={"finish": "length", "confidence": [0.9, 0.5, 0.8]},
        ),
    )


def printed(document: ScoresDocument, width: int = 100) -> str:
    out = Console(width=width, file=io.StringIO(), color_system=None)
    show(analysis_view(document), out)
    text: str = out.file.getvalue()  # type: ignore[attr-defined]
    return text


def rows(text: str, title: str) -> list[list[str]]:
    """The cells of the table under a title, without its head."""
    lines = f"\n{text}".split(f"\n{title}\n")[1].split("\n\n")[0].splitlines()
    rule = next(place for place, line in enumerate(lines) if set(line.strip()) == {"─"})
    return [re.split(r"\s{2,}", line.strip()) for line in lines[rule + 1 :]]


def test_classes_hold_counts_and_shares_of_each_set_and_of_all(news: ScoresDocument) -> None:
    assert rows(printed(news), "Entities by class")[:6] == [
        ["news", "2", "1", "0", "0", "1", "0"],
        ["50.0", "25.0", "0.0", "0.0", "25.0", "0.0"],
        ["films", "2", "0", "0", "0", "0", "1"],
        ["66.7", "0.0", "0.0", "0.0", "0.0", "33.3"],
        ["all", "4", "1", "0", "0", "1", "1"],
        ["57.1", "14.3", "0.0", "0.0", "14.3", "14.3"],
    ]


def test_the_errors_of_the_paper_come_with_what_we_do_not_know(news: ScoresDocument) -> None:
    text = printed(news)
    assert rows(text, "Errors as unlabeled, noisy and boundary errors")[4] == ["all", "1", "2", "0"]
    assert "Unlabeled: missed; noisy: spurious + wrong type; boundary: wrong boundary + wrong both." in text
    assert "do not compare these shares with theirs" in " ".join(text.split())


def test_confusions_name_their_types(news: ScoresDocument) -> None:
    assert rows(printed(news), "Types taken for others, most frequent first") == [["news", "person", "place", "1"]]


def test_f1_by_length_has_a_dash_where_there_is_no_entity(news: ScoresDocument) -> None:
    found = rows(printed(news), "Strict F1 by length of entities, in words")
    assert found[0] == ["news", "57.1", "–", "–", "–", "–"]
    assert found[2] == ["all", "66.7", "–", "–", "–", "–"]
    assert found[-1] == ["gold entities", "6", "0", "0", "0", "0"]


def test_structuring_tells_where_and_which(news: ScoresDocument) -> None:
    text = printed(news)
    facts = {name: rest for name, *rest in rows(text, "From generated text to tags")}
    assert facts["words omitted"] == ["1", "news 1"]
    assert facts["labels of unknown types"] == ["1", "news 1"]
    assert facts["outputs cut at the length limit"] == ["1", "films 1"]
    assert "words added" not in facts
    assert ["omitted", "saw ×1"] in rows(text, "Most frequent of these")


def test_oracles_stand_beside_f1_as_it_is(news: ScoresDocument) -> None:
    found = rows(printed(news), "F1 by strict if one step made no mistakes")
    assert found == [
        ["news", "57.1", "75.0", "85.7"],
        ["films", "80.0", "80.0", "80.0"],
        [""],
        ["mean", "68.6", "77.5", "82.9"],
    ]


def test_calibration_is_there_for_sets_with_confidence(news: ScoresDocument, scored: Builder, record: Record) -> None:
    assert rows(printed(news), "Confidence of predicted entities, in percent")[0] == [
        "films",
        "3",
        "73.3",
        "66.7",
        "26.7",
        "100.0",
    ]
    assert "confidence" not in printed(scored(record()))


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal_and_no_figure_is_cut(width: int, scored: Builder, record: Record) -> None:
    names = ["crossner_literature", "mit-restaurant", "a_very_long_name_of_some_data_set"]
    found = scored(*(record(dataset=name, prediction="Ann(B-place) x(O) Oslo(B-place)") for name in names))
    for part in found.datasets.values():
        assert part.analysis.errors is not None
        part.analysis.errors.classes.update(dict.fromkeys(part.analysis.errors.classes, 123456))
    text = printed(found, width)
    assert max(map(cell_len, text.splitlines())) <= width
    assert text.count("123,456") == 3 * 6 + 3
    assert text.count("370,368") == 6 + 1


def test_text_of_people_is_no_markup_and_no_control(scored: Builder, record: Record) -> None:
    hostile = ["[red]x[/red]", "\x1b[31mboo", "[/]"]
    text = printed(
        scored(
            record(
                words=["Ann", hostile[1], hostile[2]],
                labels=["B-[red]x[/red]", "O", "O"],
                label_list=["[red]x[/red]", "[/]"],
                dataset="[bold]",
                prediction=f"Ann(B-[/]) {hostile[0]}(B-{hostile[1]})",
            )
        )
    )
    assert "\x1b" not in text
    assert "\\x1b[31mboo" in text
    for each in ("[bold]", "[red]x[/red]", "[/]"):
        assert each in text


def test_a_document_without_analysis_says_so(news: ScoresDocument, capsys: pytest.CaptureFixture[str]) -> None:
    parts = news.datasets.items()
    sets = {name: replace(part, analysis=replace(part.analysis, errors=None)) for name, part in parts}
    show(analysis_view(replace(news, datasets=sets)))
    assert capsys.readouterr().out == "This document holds no error analysis.\n"


def test_printing_is_plain_where_stdout_is_no_terminal(
    news: ScoresDocument, capsys: pytest.CaptureFixture[str]
) -> None:
    print_scores(news, errors=True)
    text = capsys.readouterr().out
    assert "\x1b" not in text
    assert "Entities by class" in text


def test_the_errors_of_a_set(news: ScoresDocument) -> None:
    errors = news.datasets["news"].analysis.errors
    assert errors is not None
    mistakes = mistakes_of(errors)
    assert (mistakes.classes["wrong_type"], mistakes.gold, mistakes.predicted) == (1, 4, 3)
    assert mistakes.paper == {"unlabeled": 1, "noisy": 1, "boundary": 0}
    assert mistakes.by_entity_length["1"] == (2, 3, 4)
    assert mistakes.oracle_f1("strict")["perfect_types"] == pytest.approx(6 / 7)
    assert mistakes.oracle_f1("token") == {}
    assert share_text(None) == "–"


def test_sets_are_summed(news: ScoresDocument) -> None:
    errors = [part.analysis.errors for part in news.datasets.values()]
    together = pooled(mistakes_of(part) for part in errors if part is not None)
    assert together.classes["correct"] == 4
    assert together.by_type_position == {"1": (2, 3, 3), "2": (2, 3, 3)}
    assert added(together.by_type_position.values()) == (4, 6, 6)


def test_real_outputs_fit_sixty_columns(shared: Path) -> None:
    loaded = load_predictions(shared / "predictions/gner-t5-base.dev700.jsonl", tokenizer=shared / "tokenizers/t5")
    text = printed(scores_document(score(loaded), Resampling(0)), 60)
    assert max(map(cell_len, text.splitlines())) <= 60
    assert ["1,881", "569", "225", "92", "277"] in [line[1:] for line in rows(text, "Entities by class")]
    assert re.search(r"^data set +spurious$[\s\S]*^all +503$", text, re.M)  # in a list of its own
