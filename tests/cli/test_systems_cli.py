"""Systems of every kind in one configuration: one command, one report, and names that every later verb uses."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import Result

from gner_bench.answers import answer_format
from gner_bench.data import read_dataset
from gner_bench.demo import CORPUS

pytestmark = pytest.mark.slow

Run = Callable[..., Result]
DATA = read_dataset(CORPUS, "mit-movie")


class Server(BaseHTTPRequestHandler):
    """Answers every prompt of GNER with all words outside."""

    def do_GET(self) -> None:
        self.reply({"data": [{"id": "llm"}]})

    def do_POST(self) -> None:
        prompt = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["prompt"]
        words = prompt.rpartition("Sentence: ")[2].removesuffix(" [/INST]").split()
        text = " ".join(f"{word}(O)" for word in words)
        self.reply({"choices": [{"text": text, "finish_reason": "stop"}], "usage": {"completion_tokens": 9}})

    def reply(self, document: object) -> None:
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()
        thread.join()


@pytest.fixture
def config(tmp_path: Path, url: str) -> Path:
    """A checkpoint, a served model, a list of mentions, and a file in which every sentence is right."""
    lines = []
    for sentence in DATA.sentences:
        spans = json.loads(answer_format("spans").perfect(sentence.words, sentence.tags))
        lines.append(json.dumps({"id": sentence.id, "tokenized_text": sentence.words, "predictions": spans}))
    (tmp_path / "perfect.jsonl").write_text("\n".join(lines), encoding="utf-8")
    path = tmp_path / "run.toml"
    path.write_text(
        f"""
predictions = "{tmp_path}/p"
report = "{tmp_path}/r"
data = "demo"
datasets = ["mit-movie"]
limit = "3-8"
resamples = 20
formats = ["md"]
baseline = "memory"
[[systems]]
model = "demo"
name = "one"
[[systems]]
backend = "openai"
model = "llm"
base_url = "{url}"
name = "served"
[[systems]]
backend = "gazetteer"
model = "train"
name = "memory"
[[systems]]
predictions = "{tmp_path}/perfect.jsonl"
from = "spans"
model = "GNER-T5-base"
name = "right"
""",
        encoding="utf-8",
    )
    return path


def test_one_command_one_report(run: Run, config: Path, tmp_path: Path) -> None:
    result = run("run", config)
    assert result.exit_code == 0, result.output
    names = ("one", "served", "memory", "right")
    scores = {name: json.loads((tmp_path / "p" / name / "scores.json").read_text("utf-8")) for name in names}
    f1 = {name: document["average"]["gner"]["f1"] for name, document in scores.items()}
    assert f1["right"] == pytest.approx(1)
    assert f1["served"] == 0 < f1["memory"] < f1["one"]
    assert scores["right"]["system"]["parameters"] == 248_000_000
    assert all(document["datasets"]["mit-movie"]["sentences"] == 6 for document in scores.values())
    report = (tmp_path / "r/report.md").read_text("utf-8")
    assert all(f"| {name}" in report for name in names)
    assert "GNER-T5-base (quoted)" in report
    assert "right against memory" in report
    assert "not like for like: data" not in report
    # The names hold in every later verb, whatever the folders are called.
    (tmp_path / "p/served").rename(tmp_path / "other")
    assert json.loads(run("score", tmp_path / "other", "--json").stdout)["system"]["name"] == "served"
    compared = run("compare", tmp_path / "p/memory", tmp_path / "other")
    assert "served" in compared.stdout
    exported = run("run", "--export-config", tmp_path / "other")
    assert exported.exit_code == 0, exported.output
    assert 'model = "llm"\nname = "served"\nbackend = "openai"\nbase_url = "http' in exported.stdout


def test_a_finished_run_takes_another_name_without_being_asked_again(run: Run, config: Path, tmp_path: Path) -> None:
    text = config.read_text("utf-8").replace("published", "")
    config.write_text(text, encoding="utf-8")
    options = ("--backend", "gazetteer", "--model", "train", "--data", "demo", "--datasets", "mit-movie")
    for name in ((), ("--name", "first"), ("--name", "second"), ()):
        assert run("predict", *options, *name, "--out", tmp_path / "run").exit_code == 0
    assert json.loads(run("score", tmp_path / "run", "--json").stdout)["system"]["name"] == "second"


def test_a_batch_waits_for_its_answers_while_others_are_done(run: Run, tmp_path: Path) -> None:
    head = f'predictions = "{tmp_path}/p"\nreport = "{tmp_path}/r"\ndata = "demo"\ndatasets = ["mit-movie"]\n'
    batch = '[[systems]]\nbackend = "batch"\nmodel = "llm"\napi = "chat"\nformat = "json"\n'
    memory = '[[systems]]\nbackend = "gazetteer"\nmodel = "train"\nname = "memory"\n'
    (tmp_path / "run.toml").write_text(head + batch + memory, encoding="utf-8")
    result = run("run", tmp_path / "run.toml")
    assert result.exit_code == 6, result.output
    assert "no report yet: answers of llm are missing" in result.stderr.splitlines()[-1]
    assert (tmp_path / "p/memory/scores.json").is_file()
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ('predictions = "none.jsonl"\nfrom = "spans"', "none.jsonl"),
        ('predictions = "run.toml"\nfrom = "spans"\nas = "ncbi"', "the data of this run hold no ncbi (as): mit-movie"),
        ('predictions = "run.toml"\nfrom = "spanz"', "unknown format of predictions 'spanz'"),
        ('predictions = "run.toml"\nfrom = "spans"', "run.toml, line 1: is not JSON"),
    ],
)
def test_files_that_cannot_be_read_end_the_run_before_it_begins(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    head = 'predictions = "p"\nreport = "r"\ndata = "demo"\ndatasets = ["mit-movie"]\n'
    (tmp_path / "run.toml").write_text(f'{head}[[systems]]\nmodel = "demo"\n[[systems]]\n{entry}\n', encoding="utf-8")
    result = run("run", "run.toml")
    assert result.exit_code == 2
    assert said in result.stderr.splitlines()[-1]
    assert not (tmp_path / "p").exists()


def test_an_unknown_format_of_the_report_is_told_before_anything_runs(run: Run, config: Path, tmp_path: Path) -> None:
    config.write_text(config.read_text("utf-8").replace('["md"]', '["mdd"]'), encoding="utf-8")
    result = run("run", config)
    assert result.exit_code == 2
    assert "unknown format 'mdd'; did you mean 'md'?" in result.stderr
    assert not (tmp_path / "p").exists()


def test_the_supervised_preset_tells_its_plan_and_needs_a_model_to_run(run: Run) -> None:
    planned = run("run", "--preset", "supervised", "--dry-run")
    assert planned.exit_code == 0
    assert "no system yet: --model names a checkpoint" in planned.stdout
    refused = run("run", "--preset", "supervised")
    assert refused.exit_code == 2
    assert "there is no system to run: --model names one" in refused.stderr
