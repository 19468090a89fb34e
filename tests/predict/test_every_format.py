"""70 real sentences through every answer format with a checkpoint on this machine, killed and continued."""

from __future__ import annotations

import json
import signal
import time
from functools import partial
from pathlib import Path

import pytest

from gner_bench.answers import answer_format
from gner_bench.api import load_predictions, score
from gner_bench.documents.record import read_records

from ..forked import Forked
from .every_format import FORMATS, TOKENS, ask

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def whole(tiny_llama: Path, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runs of all formats, without interruption."""
    out = tmp_path_factory.mktemp("whole")
    ask(str(tiny_llama), shared / "data/gner", out)
    return out


@pytest.mark.parametrize("name", FORMATS)
def test_records_are_complete_and_their_counts_add_up(whole: Path, name: str) -> None:
    records = list(read_records(whole / name / "predictions.jsonl"))
    run = json.loads((whole / name / "run.json").read_text(encoding="utf-8"))
    assert len(records) == run["sentences_done"] == 70
    assert {record.format for record in records} == {name} == {run["settings"]["format"]}
    several = answer_format(name).several
    for record in records:
        answers = json.loads(record.prediction) if several else [record.prediction]
        prompts = json.loads(record.prompt) if several else [record.prompt]
        assert len(answers) == len(prompts)
        assert record.generation["tokens"] <= TOKENS * len(answers)
        assert all(" ".join(record.words)[:20] in prompt for prompt in prompts)
    assert run["cut"]["length"] == sum(record.generation["finish"] == "length" for record in records)
    assert run["throughput"]["generating"]["tokens"] == sum(record.generation["tokens"] for record in records)
    assert len(score(load_predictions(whole / name), ["gner"]).sets) == 7


def test_runs_killed_in_the_middle_end_in_the_same_bytes(
    whole: Path, tiny_llama: Path, shared: Path, tmp_path: Path
) -> None:
    """The kill is in the second run, of a format with several asks a sentence if there is one."""
    data = shared / "data/gner"
    formats = [FORMATS[1], next((name for name in FORMATS if answer_format(name).several), FORMATS[-1])]
    path = tmp_path / formats[1] / "predictions.jsonl"
    process = Forked(partial(ask, str(tiny_llama), data, tmp_path, formats), tmp_path / "said.txt")
    while process.runs() and not (path.exists() and path.read_bytes().count(b"\n") > 20):
        time.sleep(0.002)
    process.send(signal.SIGKILL)
    assert process.end()[0] == -signal.SIGKILL
    state = json.loads((tmp_path / formats[1] / "run.json").read_text(encoding="utf-8"))
    assert state["status"] == "running"
    ask(str(tiny_llama), data, tmp_path, formats)
    for name in formats:
        written = [(folder / name / "predictions.jsonl").read_bytes() for folder in (whole, tmp_path)]
        assert written[0] == written[1], name
