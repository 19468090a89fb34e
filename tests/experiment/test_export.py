"""The configuration of a finished run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from gner_bench.cli import main
from gner_bench.errors import InputError, UsageError
from gner_bench.experiment.config import read_experiment
from gner_bench.experiment.export import export_config

pytestmark = pytest.mark.slow


def test_a_run_made_from_the_exported_configuration_is_the_same(tmp_path: Path, undrawn: None) -> None:
    first = tmp_path / "first/tiny+constrained"
    command = ("predict", "--model", "demo", "--data", "demo", "--datasets", "mit-movie", "--sample", "2")
    made = CliRunner().invoke(main, [*command, "--decoding", "constrained", "--out", str(first)])
    assert made.exit_code == 0, made.output
    config = tmp_path / "run.toml"
    exported = CliRunner().invoke(main, ["run", "--export-config", str(first)])
    config.write_text(exported.stdout, encoding="utf-8")
    (job,) = read_experiment(config).jobs()
    assert (job.name, job.decoding, job.system.dtype) == ("tiny+constrained", "constrained", "fp32")
    again = CliRunner().invoke(main, ["run", str(config), "--out", str(tmp_path / "again")])
    assert again.exit_code == 0, again.output
    files = (first / "predictions.jsonl", tmp_path / "again/predictions/tiny+constrained/predictions.jsonl")
    assert len({file.read_bytes() for file in files}) == 1


@pytest.mark.parametrize("part", [{"settings": {"backend": "openai"}}, {"selection": {"shard": "1/2"}}])
def test_what_run_cannot_make_is_refused(tmp_path: Path, part: dict[str, object]) -> None:
    document = {"status": "done", "model": {"files": {}}, "settings": {"backend": "transformers"}, **part}
    (tmp_path / "run.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(UsageError):
        export_config(tmp_path)


def exported(folder: Path, document: dict[str, object]) -> str:
    data = {"datasets": {"mit-movie": {"split": "test", "source": "demo/mit-movie"}}}
    whole = {"status": "done", "model": {"files": {}, "source": "http://h/v1"}, **data, **document}
    (folder / "run.json").write_text(json.dumps(whole), encoding="utf-8")
    return export_config(folder)


def test_every_option_of_a_system_comes_back(tmp_path: Path) -> None:
    system = {
        "name": "LLM",
        "model": "gpt",
        "backend": "openai",
        "format": "json",
        "base_url": "http://h/v1",
        "price": [0.5, 2.0],
        "stop": ["###", '"'],
        "shots": 3,
        "tokenizer": "t.json",
    }
    text = exported(tmp_path, {"system": system, "settings": {"backend": "openai", "decoding": "greedy"}})
    config = tmp_path / "run.toml"
    config.write_text(text, encoding="utf-8")
    (job,) = read_experiment(config).jobs()
    assert job.name == "LLM"
    assert {"name": job.name, **job.system.document()} == system


def test_a_server_run_of_before_gives_what_it_recorded(tmp_path: Path) -> None:
    settings = {"backend": "openai", "model": "gpt", "api": "chat", "decoding": "greedy", "dtype": "unknown (server)"}
    text = exported(tmp_path, {"settings": settings})
    assert '[[systems]]\nmodel = "gpt"\n' in text
    assert 'backend = "openai"\nbase_url = "http://h/v1"\napi = "chat"\n' in text
    assert "dtype" not in text


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputError):
        export_config(tmp_path)
