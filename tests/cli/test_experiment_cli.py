"""`gner-bench run`: several decodings to one report, the plan before it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("undrawn")]

Run = Callable[..., Result]
CONFIG = """
predictions = "unused"
report = "unused"
data = "demo"
datasets = ["mit-movie"]
limit = 2
decodings = ["drafted", "constrained"]
metrics = ["strict"]
resamples = 50
baseline = "tiny"
quoted = "none"
[[checkpoints]]
model = "demo"
name = "tiny"
"""


def test_two_decodings_end_in_one_report_with_a_verdict(run: Run, tmp_path: Path) -> None:
    config = tmp_path / "run.toml"
    config.write_text(CONFIG, encoding="utf-8")
    assert run("run", config, "--out", tmp_path / "out").exit_code == 0
    scores = json.loads((tmp_path / "out/predictions/tiny+constrained/scores.json").read_text(encoding="utf-8"))
    assert (scores["metrics"], scores["resampling"]["resamples"]) == (["strict"], 50)
    assert scores["signature_fields"]["dec"] == "constrained"
    report = (tmp_path / "out/report/report.md").read_text(encoding="utf-8")
    assert "tiny+constrained against tiny" in report
    assert "quoted" not in report


def test_a_dry_run_writes_nothing(run: Run, tmp_path: Path) -> None:
    config = tmp_path / "run.toml"
    config.write_text(CONFIG, encoding="utf-8")
    result = run("run", config, "--out", tmp_path / "out", "--dry-run")
    assert result.exit_code == 0
    assert "0 of 2" in result.stdout
    assert "tiny+constrained" in result.stdout
    assert not (tmp_path / "out").exists()


def test_only_one_of_configuration_preset_and_export(run: Run, tmp_path: Path) -> None:
    for arguments in ((), ("--preset", "demo", "--export-config", tmp_path)):
        result = run("run", *arguments)
        assert result.exit_code == 2
        assert "one of a CONFIG.toml, --preset and --export-config" in result.stderr


def test_seeds_of_the_command_line_are_those_of_the_systems(run: Run, tmp_path: Path) -> None:
    asked = ("run", "--preset", "demo", "--dry-run", "--seeds", "3,4", "--out", tmp_path)
    planned = run(*asked, "--label-order", "shuffled").stdout
    assert "gner-tiny/seed-3" in planned
    assert "gner-tiny/seed-4" in planned
    assert "gazetteer/seed-3" not in planned
    # All of them ask in the order of the file.
    assert "seeds: nothing depends on a seed" in run(*asked).stderr
