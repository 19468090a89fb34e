"""``--report-to``: by the real libraries on this machine, each left out where it is not installed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from gner_bench.documents.scores import read_scores
from gner_bench.publish import TRACKERS, Logged, Tracker, mlflow, trackio, wandb

Run = Callable[..., Result]


class Noted:
    """A tracker that keeps what it is given, and reads the files while they are there."""

    def __init__(self) -> None:
        self.runs: list[Logged] = []
        self.files: list[dict[str, bytes]] = []

    def log(self, logged: Logged) -> str:
        print("a tracker's own line")
        self.runs.append(logged)
        found = (file for path in logged.files for file in ([path] if path.is_file() else sorted(path.rglob("*"))))
        self.files.append({file.name: file.read_bytes() for file in found if file.is_file()})
        return "memory"


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> Noted:
    tracker = Noted()
    monkeypatch.setitem(TRACKERS._loaded, "trackio", Tracker("json", tracker.log))
    return tracker


def test_scores_are_logged_with_intervals_signature_table_and_files(
    run: Run, predictions: Any, noted: Noted, tmp_path: Path
) -> None:
    out = tmp_path / "scores.json"
    arguments = ("-q", "score", predictions(), "--tokenizer", "none", "--out", out)
    done = run(*arguments, "--json", "--report-to", "trackio")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["metrics"] == ["gner", "strict"]  # and nothing of the tracker's
    assert done.stderr == "a tracker's own line\ntrackio: predictions is in memory\n"
    (logged,), document = noted.runs, read_scores(out)
    news = document.datasets["news"].values["strict"]
    assert logged.name == document.system.name
    assert logged.metrics["news/strict/f1"] == news.f1
    assert logged.metrics["news/strict/recall"] == 0.9
    assert (logged.metrics["news/strict/f1_low"], logged.metrics["news/strict/f1_high"]) == news.interval["f1"]
    assert logged.metrics["mean/gner/f1"] == document.average["gner"].f1
    assert logged.config["signature"] == document.signature
    assert logged.config["tok"] == "none"
    rows = [dict(zip(logged.columns, row, strict=True)) for row in logged.rows]
    assert news.f1 in [row["f1"] for row in rows if (row["scope"], row["metric"]) == ("set", "strict")]
    assert noted.files[0]["scores.json"] == out.read_bytes()
    assert b"news" in noted.files[0]["report.md"]


def test_a_comparison_is_logged(run: Run, predictions: Any, noted: Noted, tmp_path: Path) -> None:
    for name, missed in (("a", 4), ("b", 1)):
        run("-q", "score", predictions(missed), "--tokenizer", "none", "--out", tmp_path / f"{name}.json")
    done = run("-q", "compare", *(tmp_path / f"{name}.json" for name in "ab"), "--report-to", "trackio", "--json")
    assert done.exit_code == 0, done.output
    (logged,), result = noted.runs, json.loads(done.stdout)
    difference = result["comparisons"][0]["differences"]["strict"]["datasets"]["news"]
    labels = [system["label"] for system in result["systems"]]
    place = f"{labels[0]} to {labels[1]}/news/strict"
    assert logged.metrics[f"{place}/difference"] == difference["difference"]
    assert [logged.metrics[f"{place}/{end}"] for end in ("low", "high")] == difference["interval"]
    assert len(logged.rows) == 2 * 3  # by two metrics: two sets and their mean
    assert json.loads(noted.files[0]["comparison.json"]) == result


def test_what_a_tracker_raises_is_one_line_after_the_results(
    run: Run, predictions: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Logged) -> str:
        raise RuntimeError("no such server\nmore")

    monkeypatch.setitem(TRACKERS._loaded, "mlflow", Tracker("json", refuse))
    done = run("-q", "score", predictions(), "--tokenizer", "none", "--only", "strict", "--report-to", "mlflow")
    assert (done.exit_code, done.stdout) == (1, "97.37\n")
    assert done.stderr == "Error: --report-to mlflow: no such server; the results themselves are whole\n"
    gated = ("--fail-under", "98", "--report-to", "mlflow")
    done = run("-q", "score", predictions(), "--tokenizer", "none", "--only", "strict", *gated)
    assert done.exit_code == 3  # the gate's, not the tracker's
    assert "--report-to mlflow: no such server; the results themselves are whole" in done.stderr


@pytest.mark.parametrize("verb", [("score", "x.jsonl"), ("compare", "a.json", "b.json"), ("run", "x.toml")])
def test_a_tracker_that_cannot_be_used_is_refused_before_anything_is_read(
    run: Run, verb: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gner_bench.extras.installed", lambda library: library not in ("mlflow", "wandb", "trackio"))
    done = run(*verb, "--report-to", "trackoi")
    assert (done.exit_code, done.stderr) == (2, "Error: unknown tracker 'trackoi'; did you mean 'trackio'?\n")
    for name in ("trackio", "mlflow", "wandb"):
        done = run(*verb, "--report-to", name)
        line = f"Error: {name} is not installed; pip install 'gner-bench[{name}]'\n"
        assert (done.exit_code, done.stderr) == (2, line)


def test_an_experiment_is_logged_as_its_runs_and_its_report(
    run: Run, scores: Path, noted: Noted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gner_bench.experiment.run.run_experiment", lambda *_: {"base": scores})
    config = tmp_path / "run.toml"
    more = 'data = "demo"\nformats = ["md", "csv"]\npredictions = "p"\nreport = "r"\n[[systems]]\nmodel = "demo"\n'
    config.write_text(f'title = "Two sets"\n{more}', encoding="utf-8")
    done = run("-q", "run", config, "--out", tmp_path / "out", "--report-to", "trackio")
    assert done.exit_code == 0, done.output
    of_run, report = noted.runs
    assert of_run.name == "base"
    assert (report.name, [row[0] for row in report.rows]) == ("Two sets", ["base", "base"])
    assert report.metrics["base/mean/strict/f1"] == of_run.metrics["mean/strict/f1"]
    assert {"report.md", "report.json"} <= noted.files[1].keys()


LOGGED = {"news/strict/f1": 0.9, "mean/gner/f1": 0.25}


def logged(folder: Path) -> Logged:
    (folder / "scores.json").write_text("{}", encoding="utf-8")
    (folder / "report").mkdir()
    (folder / "report/report.md").write_text("a table", encoding="utf-8")
    rows = [("news", 0.9, None), ("web", 0.25, 3)]
    files = (folder / "scores.json", folder / "report")
    return Logged("base", {"signature": "data:news|v:1", "x": "y" * 7000}, LOGGED, ("set", "f1", "n"), rows, files)


def test_mlflow_keeps_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = pytest.importorskip("mlflow", reason="mlflow is not installed: pip install 'gner-bench[mlflow]'")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    real.set_tracking_uri((tmp_path / "mlruns").as_uri())
    place = mlflow.log(logged(tmp_path))
    found = real.search_runs(experiment_names=["gner-bench"], output_format="list")
    assert len(found) == 1
    kept = found[0]
    assert kept.info.run_id in place
    assert kept.info.run_name == "base"
    assert kept.info.status == "FINISHED"
    assert kept.data.metrics == LOGGED
    assert kept.data.params["signature"] == "data:news|v:1"
    folder = Path(real.artifacts.download_artifacts(run_id=kept.info.run_id, dst_path=str(tmp_path / "got")))
    assert (folder / "report/report.md").read_text(encoding="utf-8") == "a table"
    table = json.loads((folder / "table.json").read_text(encoding="utf-8"))
    assert table == {"columns": ["set", "f1", "n"], "data": [["news", 0.9, None], ["web", 0.25, 3.0]]}


def test_trackio_keeps_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "trackio"))  # read when the library is imported
    real = pytest.importorskip("trackio", reason="trackio is not installed: pip install 'gner-bench[trackio]'")
    from trackio.sqlite_storage import SQLiteStorage

    monkeypatch.setenv("TRACKIO_PROJECT", "news")
    assert trackio.log(logged(tmp_path)) == "the project news of trackio, as base"
    (kept,) = real.Api().runs("news")
    assert (kept.name, kept.config["signature"]) == ("base", "data:news|v:1")
    (line,) = SQLiteStorage.get_logs("news", "base")
    assert {name: line[name] for name in LOGGED} == LOGGED
    assert line["table"]["_value"][0] == {"set": "news", "f1": 0.9, "n": None}
    blobs = [path.read_bytes() for path in (tmp_path / "trackio/artifacts").rglob("*") if path.is_file()]
    assert sorted(blobs) == [b"a table", b"{}"]


def test_wandb_keeps_a_run_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = pytest.importorskip("wandb", reason="wandb is not installed: pip install 'gner-bench[wandb]'")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    monkeypatch.setenv("WANDB_SILENT", "true")
    place = wandb.log(logged(tmp_path))
    real.teardown()  # the file is written by a process of wandb's own
    (folder,) = (tmp_path / "wandb").glob("offline-run-*")
    assert str(folder) in place or folder.name.rpartition("-")[2] in place
    (content,) = folder.glob("run-*.wandb")
    assert b"news/strict/f1" in content.read_bytes()
