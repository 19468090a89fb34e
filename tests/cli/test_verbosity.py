"""How much the command says on stderr."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

pytestmark = pytest.mark.slow

Run = Callable[..., Result]
PREDICT = ("predict", "--model", "demo", "--data", "demo", "--datasets", "mit-movie", "--limit", 1)


def test_quiet_says_nothing_but_errors(run: Run, tmp_path: Path) -> None:
    result = run("-q", *PREDICT, "--out", tmp_path / "a")
    assert (result.exit_code, result.stderr) == (0, "")
    failed = run("-q", *PREDICT, "--model", tmp_path / "none", "--out", tmp_path / "b")
    assert failed.exit_code == 2
    assert failed.stderr.startswith("Error: ")


def test_verbose_tells_the_settings_and_where_an_error_came_from(run: Run, tmp_path: Path) -> None:
    said = run("-v", *PREDICT, "--out", tmp_path / "a").stderr
    assert "gner-tiny on cpu: backend transformers, decoding drafted" in said
    failed = run("-v", *PREDICT, "--model", tmp_path / "none", "--out", tmp_path / "b")
    assert "Traceback" in failed.stderr
    assert failed.stderr.splitlines()[-1].startswith("Error: ")


def test_one_call_does_not_quieten_the_next(run: Run, tmp_path: Path) -> None:
    run("-q", *PREDICT, "--out", tmp_path / "a")
    assert "1/1" in run(*PREDICT, "--out", tmp_path / "b").stderr
