from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gner_bench.cli import main
from gner_bench.predict.generation import Generation
from gner_bench.predict.plan import Task

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
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets checkpoints on this machine write nothing, quickly, in every decoding but the constrained one."""
    from gner_bench.predict.backends import local

    class Silent(local.BatchedDecoder):
        def __call__(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, Generation]]:
            return ((task, Generation("", 0, "stop")) for task in tasks)

    monkeypatch.setattr(local, "BatchedDecoder", Silent)
    monkeypatch.setattr(local, "SpeculativeDecoder", lambda checkpoint, rows, hints: Silent(checkpoint, rows))


@pytest.fixture(autouse=True)
def no_step_summary(monkeypatch: pytest.MonkeyPatch) -> None:
    """The summary of the step that runs these tests stays as it is."""
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)


@pytest.fixture
def sentences(record: Callable[..., dict[str, Any]], predictions_file: Callable[..., Path]) -> Callable[..., Path]:
    """Writes 30 sentences with one person and one place each, of which ``missed`` persons were not found."""

    def write(missed: int = 0, file: str = "predictions.jsonl", count: int = 30, **changes: Any) -> Path:
        texts = ["Ann(O) saw(O) Oslo(B-place)", "Ann(B-person) saw(O) Oslo(B-place)"]
        records = [
            record(id=str(place), prediction=texts[place >= missed], **{"dataset": "news", **changes})
            for place in range(count)
        ]
        return predictions_file(*records, file=file)

    return write


@pytest.fixture
def baseline(run: Run, sentences: Callable[..., Path], tmp_path: Path) -> Path:
    """scores.json of predictions that are all right."""
    path = tmp_path / "baseline.json"
    assert run("-q", "score", sentences(file="first.jsonl"), "--out", path).exit_code == 0
    return path


@pytest.fixture
def report_files() -> set[str]:
    """The names at the top of a report's folder."""
    latex = {"report.tex", "figures.tex", "notes.tex", "quoted.bib"}
    return {"report.md", "checklist.md", "report.json", "index.html", "tables", "figures", *latex}
