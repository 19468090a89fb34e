"""The configuration of a finished run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from gner_bench.cli import main
from gner_bench.errors import UsageError
from gner_bench.experiment.config import read_experiment
from gner_bench.experiment.export import export_config

pytestmark = pytest.mark.slow


def test_a_run_made_from_the_exported_configuration_is_the_same(tmp_path: Path) -> None:
    first = tmp_path / "first/tiny+constrained"
    command = ("predict", "--model", "demo", "--data", "demo", "--datasets", "mit-movie", "--limit", "2-3")
    made = CliRunner().invoke(main, [*command, "--decoding", "constrained", "--out", str(first)])
    assert made.exit_code == 0, made.output
    config = tmp_path / "run.toml"
    exported = CliRunner().invoke(main, ["run", "--export-config", str(first)])
    config.write_text(exported.stdout, encoding="utf-8")
    assert [run.name for run in read_experiment(config).jobs()] == ["tiny+constrained"]
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
