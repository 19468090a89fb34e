"""The main job from end to end, and the verbs that load a checkpoint, through Click's runner."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from gner_tiny.recipe import read_recipe

from gner_bench.cli import main
from gner_bench.data import read_dataset
from gner_bench.demo import CHECKPOINT, CORPUS
from gner_bench.documents.record import read_records

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("undrawn")]

ROOT = Path(__file__).parents[2]
RECIPE = ROOT / "benchmarks/gner_tiny/recipe.toml"


def invoke(*arguments: object, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], input=stdin, catch_exceptions=False)


def refused(result: Result, code: int, *parts: str) -> None:
    assert result.exit_code == code, result.output
    line = result.stderr.strip().splitlines()[-1]
    assert line.startswith("Error: ")
    assert all(part in line for part in parts), line
    assert "Traceback" not in result.output


def test_the_demo_from_checkpoint_to_report(tmp_path: Path, report_files: set[str]) -> None:
    """The committed runs are continued, the first of them at the last two of seven data sets."""
    for name, sentences in {"gner-tiny": 5 * 24, "gner-tiny+constrained": 7 * 24}.items():
        begun = tmp_path / "predictions" / name
        shutil.copytree(ROOT / "prediction_results/demo" / name, begun)
        lines = (begun / "predictions.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
        (begun / "predictions.jsonl").write_text("".join(lines[:sentences]), encoding="utf-8")
    result = invoke("run", "--preset", "demo", "--out", tmp_path)
    assert result.exit_code == 0, result.output
    run = tmp_path / "predictions/gner-tiny"
    records = list(read_records(run / "predictions.jsonl"))
    assert len(records) == sum(len(read_dataset(CORPUS, folder.name).sentences) for folder in CORPUS.iterdir())
    scores = json.loads((run / "scores.json").read_text(encoding="utf-8"))
    assert len(scores["datasets"]) == 7
    assert scores["average"]["gner"]["f1"] > 0.3
    assert "supervised" in scores["system"]["note"]
    assert {path.name for path in (tmp_path / "report").iterdir()} == report_files
    before = (run / "predictions.jsonl").stat().st_mtime_ns
    assert invoke("run", "--preset", "demo", "--out", tmp_path).exit_code == 0
    assert (run / "predictions.jsonl").stat().st_mtime_ns == before


def test_the_committed_demo_run_scores_as_committed() -> None:
    run = ROOT / "prediction_results/demo/gner-tiny"
    fresh = json.loads(invoke("score", run, "--json").stdout)
    committed = json.loads((run / "scores.json").read_text(encoding="utf-8"))
    for key in ("version", "datasets", "average", "signature"):
        assert fresh[key] == committed[key]


def test_a_configuration_file_runs_with_its_own_names(tmp_path: Path) -> None:
    config = tmp_path / "run.toml"
    config.write_text(
        f'predictions = "{tmp_path}/p"\nreport = "{tmp_path}/r"\ndata = "demo"\ndatasets = ["mit-movie"]\nlimit = 2\n'
        '[[checkpoints]]\nmodel = "demo"\nname = "one"\n[[checkpoints]]\nmodel = "demo"\nname = "two"\n',
        encoding="utf-8",
    )
    result = invoke("run", config)
    assert result.exit_code == 0, result.output
    assert "one" in (tmp_path / "r/report.md").read_text(encoding="utf-8")
    one, two = (list(read_records(tmp_path / f"p/{name}/predictions.jsonl")) for name in ("one", "two"))
    assert one == two
    assert len(one) == 2


def test_run_needs_either_a_file_or_a_preset() -> None:
    refused(invoke("run"), 2, "one of a CONFIG.toml, --preset and --export-config")


def test_tag_prints_words_and_entities() -> None:
    result = invoke("tag", "--model", "demo", "--labels", "actor,genre", "did george clooney make a musical")
    assert result.exit_code == 0
    assert result.stdout.startswith("did(O) george(")


def test_tag_reads_lines_and_prints_json() -> None:
    arguments = ("tag", "--model", "demo", "--labels", "actor", "--json")
    tagged = json.loads(invoke(*arguments, stdin="one two\n\nthree\n").stdout)
    assert [text["words"] for text in tagged] == [["one", "two"], ["three"]]
    assert all(set(text) == {"text", "words", "tags", "entities", "generated"} for text in tagged)


def test_tag_streams_json_lines() -> None:
    arguments = ("tag", "--model", "demo", "--labels", "actor", "--jsonl", "--decoding", "constrained")
    lines = invoke(*arguments, stdin="one two\n\nthree\n").stdout.splitlines()
    assert [json.loads(line)["words"] for line in lines] == [["one", "two"], ["three"]]


def test_tag_without_text_is_refused() -> None:
    refused(invoke("tag", "--model", "demo", "--labels", "actor", stdin=""), 2, "no text")


@pytest.mark.parametrize(
    ("changes", "code", "parts"),
    [
        ({"--data": "no/such/folder"}, 2, ("no/such/folder", "no such folder")),
        ({"--datasets": "mit-movies"}, 2, ("unknown data set 'mit-movies'", "did you mean 'mit-movie'?")),
        ({"--split": "dev"}, 2, ("dev.txt",)),
        ({"--model": "no/such/checkpoint"}, 2, ("no such checkpoint folder",)),
        ({"--model": "{tmp}"}, 2, ("is not a checkpoint folder: no config.json",)),
        ({"--model": "{tmp}/empty"}, 2, ("holds no weights",)),
        ({"--out": "{tmp}/file/run"}, 2, ("file/run", "cannot write to this folder")),
        ({"--device": "toaster"}, 1, ("--device toaster",)),
    ],
)
def test_predict_refuses_in_one_line(
    tmp_path: Path, changes: dict[str, str], code: int, parts: tuple[str, ...]
) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty/config.json").write_text("{}", encoding="utf-8")
    options = {"--model": "demo", "--data": "demo", "--datasets": "mit-movie", "--out": "{tmp}/run", **changes}
    flat = [text.replace("{tmp}", str(tmp_path)) for pair in options.items() for text in pair]
    refused(invoke("predict", *flat), code, *parts)


def test_predict_names_the_line_of_bad_data(tmp_path: Path) -> None:
    folder = tmp_path / "data/set"
    folder.mkdir(parents=True)
    (folder / "label.txt").write_text("person\n", encoding="utf-8")
    (folder / "test.txt").write_text("a\tO\nb\tB-persom\n", encoding="utf-8")
    result = invoke("predict", "--model", "demo", "--data", tmp_path / "data", "--out", tmp_path / "run")
    refused(result, 2, "test.txt, line 2: tag: 'B-persom'")


def test_train_refuses_in_one_line(tmp_path: Path) -> None:
    refused(invoke("train", tmp_path / "no.toml", "--data", tmp_path, "--out", tmp_path / "out"), 2, "no.toml")
    refused(invoke("train", RECIPE, "--data", tmp_path / "none", "--out", tmp_path / "out"), 2, "make gner-tiny")


VERBS = ("download", "predict", "merge", "score", "report", "run", "tag", "train", "convert", "list", "audit")


@pytest.mark.parametrize("verb", VERBS)
def test_help_shows_an_example(verb: str) -> None:
    result = invoke(verb, "--help")
    assert result.exit_code == 0
    assert "Example:" in result.stdout or "Examples:" in result.stdout
    assert f"gner-bench {verb}" in result.stdout


def test_the_embedded_checkpoint_came_from_the_committed_recipe() -> None:
    facts = json.loads((CHECKPOINT / "training.json").read_text(encoding="utf-8"))
    recipe = json.loads(json.dumps(read_recipe(RECIPE).document()))
    for entry in recipe["sets"]:
        assert entry.pop("repair") == ("keep" if entry["name"] == "WikiNeural" else "refuse")
    later = {name: recipe.pop(name) for name in ("target", "copying", "schemes", "tokenizer")}
    assert later == {"target": "full+bio", "copying": "target", "schemes": [], "tokenizer": "tokenizer.json"}
    assert facts["recipe"] == recipe
