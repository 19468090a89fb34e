"""`gner-bench download`, `cache` and `predict` against a server that plays the hub and the host of the data."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gner_bench.cli import main
from gner_bench.data.sentence import content_hash
from gner_bench.demo import CHECKPOINT

from .loopback import Fault, Loopback, Repo, sha256

WORDS, TAGS = ("Ann", "saw", "Oslo"), ("B-person", "O", "B-location")
TEXT = "".join(f"{word}\t{tag}\n" for word, tag in zip(WORDS, TAGS, strict=True)).encode()
PREDICTION = json.dumps(
    {
        "dataset": "news",
        "split": "test",
        "label_list": ["person", "location"],
        "instance": {"id": "0", "words": WORDS, "labels": TAGS},
        "prediction": "Ann(B-person) saw(O) Oslo(B-location)",
    }
).encode()
HUB = "dyyyyyyyy/GNER-T5-base"
Run = Callable[..., Result]


@pytest.fixture
def run(hub: Loopback, tmp_path: Path) -> Run:
    """Runs ``gner-bench``; the set ``news`` of its catalogue, predictions and the hub are on the loopback."""
    catalogue = tmp_path / "catalog.toml"
    catalogue.write_text(
        f"""
[[dataset]]
name = "news"
types = ["person", "location"]
[dataset.splits.test]
sentences = 1
content_hash = "{content_hash([(WORDS, TAGS)])}"
[[dataset.sources]]
files = {{ test = "news.txt" }}
[[file]]
name = "news.txt"
urls = ["{hub.put("/news.txt", TEXT)}"]
checksum = "sha256:{sha256(TEXT)}"
bytes = {len(TEXT)}
[[file]]
name = "gner-t5-xxl-predictions.jsonl"
urls = ["{hub.put("/xxl.jsonl", PREDICTION)}"]
checksum = "sha256:{sha256(PREDICTION)}"
predictions_of = "GNER-T5-xxl"
[[file]]
name = "gner-llama-7b-predictions.jsonl"
urls = ["{hub.put("/llama.jsonl", PREDICTION)}"]
checksum = "sha256:{sha256(PREDICTION)}"
predictions_of = "GNER-LLaMA-7B"
""",
        encoding="utf-8",
    )
    hub.repo(HUB, CHECKPOINT)
    return lambda *arguments: CliRunner().invoke(main, ["--catalog", str(catalogue), *map(str, arguments)])


@pytest.mark.slow
def test_predict_fetches_checks_and_runs(run: Run, hub: Loopback, tmp_path: Path) -> None:
    arguments = ("predict", "--model", "gner-t5-base", "--dataset", "news", "--out", tmp_path / "out")
    assert run(*arguments).exit_code == 0
    document = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert document["model"]["revision"] == hub.repos[HUB].commit
    assert document["datasets"]["news"]["source"].startswith(hub.url)
    assert [json.loads(line)["instance"]["words"] for line in (tmp_path / "out/predictions.jsonl").open()] == [[*WORDS]]
    before = len(hub.requests)
    again = run(*arguments[:-1], tmp_path / "again", "--offline")
    assert (again.exit_code, len(hub.requests)) == (0, before)
    assert (tmp_path / "again/predictions.jsonl").read_bytes() == (tmp_path / "out/predictions.jsonl").read_bytes()


def test_download_shows_what_is_there_afterwards(run: Run, cache: Path) -> None:
    result = run("download", "news", "GNER-T5-base", "--predictions", "--json")
    assert result.exit_code == 0, result.output
    items = json.loads(result.stdout)
    assert {(item["kind"], item["cached"]) for item in items} == {
        ("predictions", "yes"),
        ("data", "yes"),
        ("checkpoint", "yes"),
    }
    listed = json.loads(run("cache", "list", "--json").stdout)
    assert {entry["name"] for entry in listed} == {
        HUB,
        "news",
        "gner-t5-xxl-predictions",
        "gner-llama-7b-predictions",
    }
    assert run("cache", "path").stdout.strip() == str(cache)
    verified = run("cache", "verify")
    assert verified.exit_code == 0
    assert verified.stdout.splitlines()[-1].startswith("All is well: ")
    files = [int(line.split(": ")[1].split()[0]) for line in verified.stdout.splitlines()]
    assert sum(files[:-1]) == int(verified.stdout.splitlines()[-1].split(": ")[1].split()[0]) > len(listed)


def test_verify_says_where_there_is_nothing_to_compare(run: Run, cache: Path) -> None:
    assert run("cache", "verify").stdout == f"The cache is empty: {cache}\n"
    (cache / "data" / "own").mkdir(parents=True)
    (cache / "data" / "own" / "test.txt").write_text("Ann\tO\n")
    result = run("cache", "verify")
    assert (result.exit_code, "All is well" in result.stdout) == (0, False)
    assert "unknown  data own: no checksum is known" in result.stdout


def test_published_predictions_are_scored_as_they_come(run: Run, cache: Path) -> None:
    assert run("download", "--predictions").exit_code == 0
    result = run("score", cache / "predictions" / "gner-t5-xxl-predictions.jsonl", "--tokenizer", "none", "--json")
    assert json.loads(result.stdout)["average"]["gner"]["f1"] == pytest.approx(1, abs=1e-6)


def test_a_dry_run_asks_nobody(run: Run, hub: Loopback) -> None:
    result = run("download", "news", "gner-t5-xxl", "--dry-run")
    assert (result.exit_code, hub.requests) == (0, [])
    assert "44.5 GB" in result.stdout
    assert "about 44.5 GB" in result.stderr


def test_wrong_bytes_end_in_exit_code_5_and_are_not_kept(run: Run, hub: Loopback, cache: Path) -> None:
    for _ in range(2):
        hub.fault("/news.txt", Fault(content=TEXT.replace(b"Oslo", b"Rome")))
        result = run("download", "news")
        assert (result.exit_code, result.stderr.count("\n")) == (5, 1)
        assert "expected sha256:" in result.stderr
        assert not (cache / "files" / "news.txt").exists()
        assert not (cache / "data" / "news").exists()
    assert run("download", "news").exit_code == 0


def test_an_altered_cache_is_refused_verified_and_fetched_again(run: Run, cache: Path, tmp_path: Path) -> None:
    run("download", "news")
    path = cache / "data" / "news" / "test.jsonl"
    path.write_text(path.read_text(encoding="utf-8").replace("Ann", "Eve"), encoding="utf-8")
    assert run("predict", "--model", "demo", "--dataset", "news", "--out", tmp_path / "out").exit_code == 5
    verified = run("cache", "verify", "news")
    assert (verified.exit_code, "altered  data news" in verified.stdout) == (5, True)
    assert "1 of 1 in the cache are not what was fetched: news;" in verified.stderr
    assert run("download", "news", "--force").exit_code == 0
    assert run("cache", "verify", "news").exit_code == 0


def test_an_altered_checkpoint_is_refused(run: Run, cache: Path, tmp_path: Path) -> None:
    run("download", "GNER-T5-base")
    weights = next(cache.rglob("model.safetensors")).resolve()
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    result = run("predict", "--model", "GNER-T5-base", "--data", "demo", "--out", tmp_path / "out", "--offline")
    assert (result.exit_code, result.stderr.count("\n")) == (5, 1)
    assert "gner-bench download" in result.stderr


def test_offline_names_the_command_and_the_folder(run: Run, hub: Loopback, cache: Path) -> None:
    for arguments in (("download", "news", "GNER-T5-base", "--offline"),):
        result = run(*arguments)
        assert (result.exit_code, result.stderr.count("\n"), hub.requests) == (1, 1, [])
        assert "gner-bench download GNER-T5-base news" in result.stderr
        assert str(cache) in result.stderr


def test_prune_removes_leftovers_and_what_is_named(run: Run, cache: Path) -> None:
    run("download", "news")
    part = cache / "files" / "other.txt.part"
    part.write_bytes(b"half")
    assert str(part) in run("cache", "prune", "--dry-run").stdout
    assert part.exists()
    run("cache", "prune")
    assert not part.exists()
    assert run("cache", "prune", "news").exit_code == 0
    assert json.loads(run("cache", "list", "--json").stdout) == []
    assert run("cache", "prune", "news").exit_code == 1


@pytest.mark.slow
def test_a_data_set_of_the_hub_is_read_through_datasets(loopback: Loopback, tmp_path: Path) -> None:
    """In a process of its own, because ``datasets`` reads HF_ENDPOINT when it is imported."""
    from datasets import ClassLabel, Features, List, Value
    from datasets import Dataset as Rows

    tags = List(ClassLabel(names=["O", "B-person", "B-city"]))
    features = Features({"tokens": List(Value("string")), "ner_tags": tags})
    Rows.from_dict({"tokens": [WORDS], "ner_tags": [[1, 0, 2]]}, features=features).to_parquet(tmp_path / "0.parquet")
    files = {"news/validation/0000.parquet": (tmp_path / "0.parquet").read_bytes()}
    loopback.repos["datasets/me/set"] = Repo(files, lfs=())
    catalogue = tmp_path / "catalog.toml"
    catalogue.write_text(
        f"""
[[dataset]]
name = "news"
types = ["person", "location"]
rename = {{ city = "location" }}
splits.dev = {{ content_hash = "{content_hash([(WORDS, TAGS)])}" }}
sources = [{{ hub = "me/set", revision = "main", files = {{ dev = "news/validation/*.parquet" }} }}]
""",
        encoding="utf-8",
    )
    environment = {**os.environ, "HF_ENDPOINT": loopback.url, "HF_HOME": str(tmp_path / "hf")}
    arguments = ["--catalog", str(catalogue), "download", "news", "--json"]
    result = subprocess.run([sys.executable, "-m", "gner_bench", *arguments], env=environment, capture_output=True)
    assert result.returncode == 0, result.stderr.decode()
    assert [(item["name"], item["cached"]) for item in json.loads(result.stdout)] == [("news/dev", "yes")]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("download", "gner-t5-bas"), "nothing is called 'gner-t5-bas'; did you mean 'GNER-T5-base'?"),
        (("download", "--datasets", "zeroshot"), "unknown data set 'zeroshot'; did you mean 'zero-shot'?"),
        (("download",), "name what to download"),
        (("predict", "--model", "demo"), "say which data"),
        (("predict", "--model", "demo", "--dataset", "newz"), "did you mean 'news'?"),
        (("predict", "--model", "gner-t5-bse", "--dataset", "news"), "did you mean 'GNER-T5-base'?"),
    ],
)
def test_unknown_names_are_usage_errors(run: Run, arguments: tuple[str, ...], said: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr


@pytest.mark.slow
def test_without_cache_and_network_predict_ends_in_one_line_without_retries(tmp_path: Path) -> None:
    """In a process of its own, whose web goes through a port where nobody listens."""
    nobody = {f"{kind}_proxy": "http://127.0.0.1:9" for kind in ("http", "https", "all")}
    environment = {**os.environ, **nobody, "no_proxy": "", "GNER_BENCH_HOME": str(tmp_path / "cache")}
    arguments = ["predict", "--model", "gner-t5-base", "--dataset", "crossner_ai"]
    result = subprocess.run(
        [sys.executable, "-m", "gner_bench", *arguments], env=environment, capture_output=True, text=True, cwd=tmp_path
    )
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (1, "", 1), result.stderr
    assert "run `gner-bench download GNER-T5-base crossner_ai`" in result.stderr
    assert str(tmp_path / "cache") in result.stderr
