from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gner_bench.cli import main
from gner_bench.integrations.sentences import questions

Scored = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def scripted() -> dict[str, dict[str, str]]:
    """The answers of a model to each prompt of the first sentences of the demonstration, by answer format.

    In GNER's it leaves out one type and cuts every third answer short; asked type by type it writes the last word.
    """
    gner = {}
    for number, question in enumerate(questions("demo", "", "test", "gner", "none", "given", 4)):
        text = question.record("", {}).gold_text
        for kind in ("actor", "person", "algorithm", "writer"):
            text = text.replace(f"(B-{kind})", "(O)").replace(f"(I-{kind})", "(O)")
        gner[question.prompt] = text[: len(text) // 2] if number % 3 == 0 else text
    uniner = {}
    for question in questions("demo", "mit-movie", "test", "uniner", "none", "given", 2):
        for prompt in question.prompts:
            uniner[prompt] = json.dumps([question.sentence.words[-1]])
    return {"gner": gner, "uniner": uniner}


@pytest.fixture(scope="session")
def scored() -> Scored:
    """What ``gner-bench score --json`` prints for a file of predictions."""

    def run(path: Path, *metrics: str) -> dict[str, Any]:
        chosen = [word for metric in metrics or ("gner", "strict") for word in ("--metric", metric)]
        result = CliRunner().invoke(main, ["score", str(path), "--json", "--resamples", "0", *chosen])
        assert result.exit_code == 0, result.output
        found: dict[str, Any] = json.loads(result.stdout)
        return found

    return run
