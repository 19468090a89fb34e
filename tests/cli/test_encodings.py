"""Output where stdout is not UTF-8: what it can show is shown, the rest replaced."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gner_bench.cli import main


@pytest.fixture
def chinese(predictions_file: Callable[..., Path], record: Callable[..., dict[str, Any]]) -> Path:
    words, labels = ("張三", "visited", "Zürich"), ("B-人物", "O", "B-place")
    return predictions_file(record(words, labels, label_list=["人物", "place"], dataset="新聞"))


@pytest.mark.parametrize("charset", ["ascii", "latin-1"])
def test_every_verb_that_prints_ends_well(chinese: Path, tmp_path: Path, charset: str) -> None:
    scores = str(tmp_path / "scores.json")
    runner = CliRunner(charset=charset)
    for command in (
        ["score", str(chinese), "--tokenizer", "none", "--name", "名", "--out", scores, "--per-type", "--errors"],
        ["report", scores, "--out", str(tmp_path / "report"), "--formats", "md"],
        ["compare", scores, scores, "--resamples", "100"],
        ["explain", str(chinese), "--sample", "新聞/0", "--tokenizer", "none"],
        ["list", "models"],
        ["score", "--help"],
    ):
        result = runner.invoke(main, command)
        assert result.exit_code == 0, f"{command}: {result.exception!r}"
        assert "?" in result.stdout or command[0] in ("list", "score")


def test_json_is_utf_8_whatever_stdout_is(chinese: Path) -> None:
    result = CliRunner(charset="ascii").invoke(
        main, ["explain", str(chinese), "--sample", "新聞/0", "--tokenizer", "none", "--json"]
    )
    assert "張三" in json.dumps(json.loads(result.stdout_bytes.decode("utf-8")), ensure_ascii=False)


def test_a_process_in_the_locale_c(chinese: Path) -> None:
    """As in a bare container: no UTF-8 mode, and ASCII for standard output."""
    environment = {
        **os.environ,
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONIOENCODING": "ascii",
    }
    command = [sys.executable, "-m", "gner_bench", "score", str(chinese), "--tokenizer", "none", "--resamples", "0"]
    result = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert result.returncode == 0, result.stderr
    assert b"??" in result.stdout
    assert b"Traceback" not in result.stderr
