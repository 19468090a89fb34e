"""A package outside the tree adds a metric, a backend, an answer format and a data format to the installed command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .forked import run_beside

pytestmark = pytest.mark.slow

ENTRY_POINTS = """\
[gner_bench.metrics]
head = gner_bench_example:HEAD
[gner_bench.backends]
lookup = gner_bench_example:LOOKUP
[gner_bench.answers]
lines = gner_bench_example:LINES
[gner_bench.data_formats]
pipes = gner_bench_example:PIPES
"""
CORPUS = """\
Ann|B-person saw|O Oslo|B-place
Bob|B-person Dylan|I-person sang|O
New|B-place York|I-place waits|O
"""
ANSWERS = {
    "good": {"Ann saw Oslo": "person = Ann\nplace = Oslo", "Bob Dylan sang": "person = Bob Dylan"},
    "poor": {"Ann saw Oslo": "I see:\nperson = Ann", "Bob Dylan sang": "person = Dylan"},
}
PLUGIN = Path(__file__).parent / "plugin"
Command = Callable[..., subprocess.CompletedProcess[str]]


def install(folder: Path, name: str, entry_points: str) -> None:
    """What installing a package leaves beside its modules."""
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(entry_points, encoding="utf-8")


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """The command, with the package beside it."""
    install(tmp_path / "site", "gner-bench-example", ENTRY_POINTS)

    def call(*arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = run_beside([PLUGIN, tmp_path / "site"], tmp_path, *arguments)
        assert done.returncode == code, done.stderr
        return done

    return call


def test_everything_added_works_from_predict_to_report(command: Command, tmp_path: Path) -> None:
    (tmp_path / "news.pipes").write_text(CORPUS, encoding="utf-8")
    command("convert", "news.pipes", "data", "--from", "pipes", "--to", "gner", "--name", "news")
    for name, answers in ANSWERS.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(answers), encoding="utf-8")
        command("predict", "--backend", "lookup", "--model", f"{name}.json", "--data", "data", "--out", f"runs/{name}")
    about = json.loads((tmp_path / "runs/good/run.json").read_text(encoding="utf-8"))
    assert (about["model"]["name"], about["settings"]["format"]) == ("good", "lines")
    metrics = ("--metric", "head", "--metric", "strict")
    for name, expected in (("good", (6 / 7, 6 / 7)), ("poor", (2 / 3, 1 / 3))):
        scored = command("score", f"runs/{name}", *metrics, "--json", "--out", f"{name}.scores.json")
        scores = json.loads(scored.stdout)
        assert tuple(scores["average"][metric]["f1"] for metric in ("head", "strict")) == pytest.approx(expected)
        assert "match:lines-1" in scores["signature"]
        assert "head=head" in scores["signature"]
    compared = command("compare", "good.scores.json", "poor.scores.json", "--metric", "head", "--json")
    mean = json.loads(compared.stdout)["comparisons"][0]["differences"]["head"]["mean"]
    assert mean["difference"] == pytest.approx(2 / 3 - 6 / 7)
    command("report", "good.scores.json", "poor.scores.json", "--out", "report", "--formats", "md,html,svg,tex,csv")
    heading = "head F1 (the last word of an entity and its type)"
    assert heading in (tmp_path / "report/tables/f1_head_other.md").read_text(encoding="utf-8")
    explained = command("explain", "runs/poor", "--sample", "news/1").stdout
    assert "Dylan" in explained


def test_answers_as_a_file_and_gold_in_the_added_format(command: Command, tmp_path: Path) -> None:
    (tmp_path / "news.pipes").write_text(CORPUS, encoding="utf-8")
    lines = [{"id": "0", "prediction": "person = Ann\nplace = Oslo"}, {"id": "1", "prediction": "person = Bob Dylan"}]
    lines.append({"id": "2", "prediction": ""})
    (tmp_path / "answers.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    scored = command("score", "answers.jsonl", "--from", "lines", "--gold", "news.pipes", "--json")
    assert json.loads(scored.stdout)["average"]["strict"]["f1"] == pytest.approx(6 / 7)


def test_what_is_added_is_listed(command: Command) -> None:
    for what, line in (
        ("metrics", "the last word of an entity and its type"),
        ("backends", "answers from a dictionary"),
        ("answers", "a mention a line, after its type"),
        ("formats", "word|tag, a sentence a line"),
    ):
        assert line in command("list", what).stdout


def test_the_installed_command_finds_it(tmp_path: Path) -> None:
    """A process of its own, as who installs the package has it."""
    install(tmp_path / "site", "gner-bench-example", ENTRY_POINTS)
    paths = [str(PLUGIN), str(tmp_path / "site"), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [Path(sys.executable).with_name("gner-bench"), "list", "metrics"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
    )
    assert "the last word of an entity and its type" in done.stdout


def test_a_broken_plug_in_is_one_warning_that_names_it(command: Command, tmp_path: Path) -> None:
    install(tmp_path / "site", "broken", "[gner_bench.metrics]\nbad = gner_bench_example:NOTHING\n")
    listed = command("list", "metrics")
    warnings = [line for line in listed.stderr.splitlines() if line.startswith("Warning:")]
    assert len(warnings) == 1
    assert "'bad' of broken cannot be loaded" in warnings[0]
    assert "strict" in listed.stdout
    refused = command("score", "x.jsonl", "--metric", "bad", code=2)
    assert "'bad' of broken" in refused.stderr
