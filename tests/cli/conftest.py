from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from gner_bench.cli import main

Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    """Runs ``gner-bench`` with arguments, in this process."""
    return lambda *arguments: CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def refusal(run: Run) -> Callable[..., str]:
    """Runs ``gner-bench`` with arguments that must end in exit code 2 and one line on stderr; returns that line."""

    def refused(*arguments: object) -> str:
        result = run(*arguments)
        assert result.exit_code == 2, f"{result.exception!r}\n{result.output}"
        assert result.stdout == ""
        line, end = result.stderr[:-1], result.stderr[-1:]
        assert line.startswith("Error: ")
        assert (end, line.count("\n")) == ("\n", 0)
        return line.removeprefix("Error: ")

    return refused


@pytest.fixture
def report_files() -> set[str]:
    """The names of the files of a report."""
    return {
        "table.md",
        "table.tex",
        "scores_gner.csv",
        "scores_strict.csv",
        "f1_per_set.png",
        "f1_per_set.svg",
        "f1_by_size.png",
        "f1_by_size.svg",
    }
