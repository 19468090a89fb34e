"""A metric of another package, through score, compare, gates, scores.json and the command."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gner_bench import api
from gner_bench.cli import main
from gner_bench.documents.scores import Resampling, read_scores
from gner_bench.errors import UsageError
from gner_bench.scoring.document import scores_document, scores_of
from gner_bench.scoring.drops import Limits
from gner_bench.scoring.gates import Baseline, Floor, Gates, baseline, evaluate, floor
from gner_bench.scoring.metrics import METRICS, as_metric

SOURCE = """
from gner_bench.scoring.metrics import Definition


def first_words(sentence):
    sides = [{(start, kind) for start, _, kind in side} for side in (sentence.gold_spans, sentence.predicted_spans)]
    gold, predicted = sides
    kinds = {kind for side in sides for _, kind in side}
    return {
        name: tuple(sum(kind == name for _, kind in part) for part in (gold & predicted, predicted, gold))
        for name in kinds
    }


FIRST = Definition("first", "first-word F1", "spans of equal first word and type", first_words, "first-word")
NAMED_OTHERWISE = Definition("other", "F1", "nothing", first_words, "nothing")
RESERVED = Definition("counts", "F1", "nothing", first_words, "nothing")
NO_DEFINITION = 3
"""
ENTRY_POINTS = """[gner_bench.metrics]
first = head_words:FIRST
missing = head_words:MISSING
number = head_words:NO_DEFINITION
otherwise = head_words:NAMED_OTHERWISE
counts = head_words:RESERVED
gner = head_words:FIRST
"""
FEW = Resampling(40)
OURS = ["gner", "strict", "exact", "partial", "type", "token", "conlleval", "surface"]


@pytest.fixture(autouse=True)
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An installed package with one good metric, four bad ones and one that takes the name of ours."""
    (tmp_path / "head_words.py").write_text(SOURCE)
    info = tmp_path / "head_words-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: head-words\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(tmp_path)
    METRICS.__dict__.pop("plugins", None)
    yield
    METRICS.__dict__.pop("plugins", None)
    for name in ("first", "otherwise", "counts"):
        METRICS._loaded.pop(name, None)
    sys.modules.pop("head_words", None)


@pytest.fixture
def path(record: Callable[..., Any], predictions_file: Callable[..., Path]) -> Path:
    wrong = "Ann(B-person) saw(I-person) Oslo(O)"
    return predictions_file(record(), *(record(id=str(i), prediction=wrong) for i in range(1, 6)))


def test_names_are_known_without_importing_anything() -> None:
    assert list(METRICS)[-5:] == ["counts", "first", "missing", "number", "otherwise"]
    assert "head_words" not in sys.modules
    assert METRICS["gner"].title == "F1"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing", "'missing' of head-words cannot be loaded"),
        ("number", "'number' of head-words is a int, not a Definition"),
        ("otherwise", "'otherwise' cannot be used"),
        ("counts", "'counts' cannot be used"),
    ],
)
def test_a_broken_metric_is_named_and_leaves_the_others(
    name: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UsageError, match=reason):
        as_metric(name)
    METRICS._warned.clear()
    assert list(METRICS.usable()) == [*OURS, "first"]
    METRICS.usable()
    assert capsys.readouterr().err.count(f"the metric '{name}'") == 1


def test_it_scores_compares_gates_and_is_written_and_read(path: Path, tmp_path: Path) -> None:
    scores = api.score(path, ["first", "strict"], processes=2)
    assert scores.metrics == ("strict", "first")
    assert scores["news"].statistics.totals() == {"strict": (2, 7, 12), "first": (7, 7, 12)}
    written = tmp_path / "scores.json"
    written.write_text(json.dumps(scores_document(scores, FEW).json(), default=list))
    again = scores_of(read_scores(written), written)
    assert again["news"].statistics == scores["news"].statistics
    assert scores_document(again, FEW).json()["signature_fields"]["count"] == "strict=position,first=first-word"
    found = api.compare(written, scores, metric="first", resamples=100)
    assert found.against[0].differences["first"][0].difference == 0
    assert list(found.against[0].types) == ["first"]
    gate: Baseline = baseline((written,), "first", FEW.resamples, Limits(), False)
    asked: Floor = floor("first:73", ["first"])
    reasons = [each.reason for each in evaluate(scores, Gates((asked,), gate), FEW)[1:]]
    assert reasons[0] == "mean first-word F1 73.68% is at least 73%"
    assert reasons[1] == "mean first-word F1 73.68% is that of the baseline"


def test_compare_prints_it(path: Path, tmp_path: Path) -> None:
    # The choices of the options were made when the command was imported, before the package was there.
    out = tmp_path / "scores.json"
    out.write_text(json.dumps(scores_document(api.score(path, ["first"]), FEW).json(), default=list))
    result = CliRunner().invoke(main, ["compare", str(out), str(out), "--resamples", "100"])
    assert result.exit_code == 0, result.output
    assert "first-word F1: B against A" in result.stdout
