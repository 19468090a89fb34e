"""What was in training, in reports and in `score`: tables, footnotes, and how quoted rows were scored."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gner_bench.catalog import published_scores
from gner_bench.cli import main
from gner_bench.documents.scores import Seen
from gner_bench.report.views.seen import short_verdict
from gner_bench.report.views.systems import systems_grid
from gner_bench.report.views.table import SOME_SEEN, comparison
from gner_bench.scoring.metrics import DEFAULT

LINES = [
    ("0", ["Ann", "saw", "Oslo"], ["B-person", "O", "B-place"], "Ann(B-person) saw(O) Oslo(B-thing)"),
    ("1", ["Fram", "left", "Bergen"], ["B-thing", "O", "B-place"], "Fram(B-thing) left(O) Bergen(B-place)"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Predictions on a set called news, and training data with persons and places, Ann among them."""
    folder = tmp_path_factory.mktemp("seen")
    with (folder / "predictions.jsonl").open("w") as file:
        for id, words, labels, prediction in LINES:
            instance = {"id": id, "words": words, "labels": labels}
            record = {"dataset": "news", "split": "test", "label_list": ["person", "place", "thing"]}
            file.write(json.dumps({**record, "instance": instance, "prediction": prediction}) + "\n")
    (folder / "old").mkdir()
    (folder / "old" / "label.txt").write_text("PER\nplace\n")
    (folder / "old" / "train.txt").write_text("Ann\tB-PER\nran\tO\n")
    return folder


def run(*arguments: str | Path) -> str:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def scored(folder: Path) -> dict[str, Any]:
    path = folder / "scores.json"
    arguments = ("--trained-on", folder / "old", "--tokenizer", "none", "--resamples", "50", "--out", path)
    run("score", folder / "predictions.jsonl", *arguments)
    document: dict[str, Any] = json.loads(path.read_text())
    return document


def test_scores_hold_what_was_in_training(scored: dict[str, Any]) -> None:
    """By hand: person and place are seen (gold 3, predicted 2, right 2); the text Ann is the only one seen."""
    seen = scored["datasets"]["news"]["seen"]
    assert seen["verdict"] == "2 of 3 types seen"
    assert seen["types"] == {"person": "normalised", "place": "exact", "thing": "unseen"}
    assert seen["mentions"] == {"tokens": [1, 4], "types": [1, 4]}
    by_type = seen["by_type"]["seen"]["gner"]
    assert (by_type["true_positives"], by_type["predicted"], by_type["gold"]) == (2, 2, 3)
    assert seen["by_mention"]["seen"]["gner"]["f1"] == pytest.approx(1)


def test_scores_say_nothing_where_nothing_is_known(folder: Path) -> None:
    document = json.loads(run("score", folder / "predictions.jsonl", "--tokenizer", "none", "--json"))
    assert "seen" not in document["datasets"]["news"]


def test_score_prints_it(folder: Path) -> None:
    arguments = ("--trained-on", folder / "old", "--tokenizer", "none", "--resamples", "0")
    shown = run("score", folder / "predictions.jsonl", *arguments, "--errors")
    assert "2 of 3" in shown
    assert "F1 of types that were in training and of others" in shown
    assert "F1 of mentions that were in training and of others" in shown
    assert "| 2 of 3 |" in run("score", folder / "predictions.jsonl", *arguments, "--format", "markdown")


def test_a_report_keeps_what_its_scores_say_and_takes_training_data_of_a_system(
    folder: Path, scored: dict[str, Any], tmp_path: Path
) -> None:
    systems = (f"stored={folder / 'scores.json'}", f"new={folder / 'predictions.jsonl'}", f"bare={folder}")
    old = f"new={folder / 'old'}"
    run(
        "report",
        *systems,
        "--tokenizer",
        "none",
        "--trained-on",
        old,
        "--out",
        tmp_path,
        "--formats",
        "csv,md,tex,json",
    )
    rows = list(csv.DictReader(io.StringIO((tmp_path / "tables" / "seen.csv").read_text())))
    assert [(row["system"], row["verdict"], row["mentions seen"]) for row in rows] == [
        ("stored", "2 of 3 types seen", "1"),
        ("new", "2 of 3 types seen", "1"),
    ]
    main_table = (tmp_path / "tables" / "f1_gner_other.md").read_text()
    assert SOME_SEEN in main_table
    assert SOME_SEEN in (tmp_path / "tables" / "f1_gner_other.csv").read_text()
    groups = list(csv.DictReader(io.StringIO((tmp_path / "tables" / "seen_types_gner.csv").read_text())))
    assert [(row["system"], row["group"], row["gold"]) for row in groups][:2] == [
        ("stored", "seen", "3"),
        ("stored", "unseen", "1"),
    ]


@pytest.mark.parametrize(
    ("command", "arguments", "message"),
    [
        ("score", ("--familiarity", "x"), "--familiarity needs the training data"),
        ("report", ("--out", "r", "--trained-on", "other={}/old"), "no system of this report is called so"),
        ("score", ("--trained-on", "{}/nowhere"), "nowhere"),
        ("score", ("--trained-on", "{}/predictions.jsonl", "--thresholds", "0.5"), "--trained-on"),
    ],
)
def test_what_cannot_be_is_one_line(folder: Path, command: str, arguments: tuple[str, ...], message: str) -> None:
    given = [text.format(folder) for text in arguments]
    result = CliRunner().invoke(main, [command, str(folder / "predictions.jsonl"), "--tokenizer", "none", *given])
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert message in result.stderr


@pytest.mark.parametrize(
    ("verdict", "short"),
    [
        ("supervised on this set, 3 of 9 sentences in training", "supervised"),
        ("at least 5 of 13 types seen", "5+ of 13"),
        ("4 of 11 types seen", "4 of 11"),
        ("types seen", "all"),
        ("types unseen, 1 of 9 sentences in training", "none"),
        ("unknown", "unknown"),
    ],
)
def test_verdicts_have_a_short_form(verdict: str, short: str) -> None:
    assert short_verdict(Seen(verdict, (), True, {})) == short


def test_quoted_rows_say_what_is_known_of_their_training_and_scorer() -> None:
    """Pile-NER-type has organization, location and person of every CrossNER set; ChatGPT's training is not known."""
    table = comparison([], DEFAULT[0], published_scores(), ["crossner_ai", "mit-movie"])
    notes = {row.system: row.notes for row in table.quoted}
    assert notes["GNER-T5-xl"] == ()
    assert notes["ChatGPT (gpt-3.5-turbo)"] == ("not known to be scored by the GNER metric",)
    assert any("type, start and end" in note for note in notes["GLiNER-L (as first published)"])
    seen = {row.system: [entry.seen if entry else "" for entry in row.entries[:-1]] for row in table.quoted}
    assert seen["GNER-T5-xl"] == [SOME_SEEN, SOME_SEEN]
    assert seen["ChatGPT (gpt-3.5-turbo)"] == ["", ""]
    first = systems_grid(replace(table, rows=table.rows[1:2])).sections[0].rows[0]
    assert SOME_SEEN in first[0].notes
    assert not any(cell.notes for cell in first[1:-1])


def test_the_paper_prints_ncbi_twice() -> None:
    table = comparison([], DEFAULT[0], published_scores("supervised"), ["ncbi", "bc2gm"], "supervised")
    noted = {row.system: entry.note for row in table.quoted if (entry := row.entries[0]) and entry.note}
    assert set(noted) == {"GNER-T5-xxl", "GNER-LLaMA-7B"}
    assert all("87.27 / 89.27" in note for note in noted.values())
