from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gner_bench.api import load_predictions, score
from gner_bench.documents.record import slices
from gner_bench.documents.scores import Resampling, System
from gner_bench.errors import GnerBenchError, InputError
from gner_bench.files import to_json
from gner_bench.scoring import counting, generations, structuring
from gner_bench.scoring.counting import Tally
from gner_bench.scoring.document import scores_document
from gner_bench.scoring.metrics import METRICS
from gner_bench.scoring.predictions import Origin, Prediction
from gner_bench.scoring.scores import SetScores

from .sentences import predictions

pytestmark = pytest.mark.slow

Alter = Callable[[list[dict[str, Any]]], None]
FEW = Resampling(20)


def tally_of(sentences: Sequence[Prediction]) -> Tally:
    tally = Tally(sentences[0], tuple(METRICS))
    for each in sentences:
        tally.add(each)
    return tally


def written(scores: SetScores) -> str:
    counts = scores.statistics.sentence_counts(scores.ids, scores.keys).json()
    return to_json({**scores.analysis.json(), **counts, "types": scores.types, "hash": scores.content_hash})


@given(st.lists(predictions(), min_size=2, max_size=8), st.data())
def test_tallies_of_parts_are_that_of_the_whole(sentences: list[Prediction], data: st.DataObject) -> None:
    ends = data.draw(st.lists(st.integers(1, len(sentences) - 1), max_size=3, unique=True).map(sorted))
    parts = [sentences[start:end] for start, end in zip([0, *ends], [*ends, len(sentences)], strict=True)]
    together = tally_of(parts[0])
    for part in parts[1:]:
        together.extend(tally_of(part))
    origin = Origin((), System("a"))
    assert written(together.scores(origin)) == written(tally_of(sentences).scores(origin))


@pytest.fixture
def real(shared: Path) -> Path:
    return shared / "predictions/gner-t5-base.dev700.jsonl"


@pytest.mark.parametrize("size", [1, 10_000, 10**9])
def test_neither_parts_nor_processes_change_a_digit(
    real: Path, shared: Path, size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of every third record: parts of one record are each a message between processes."""
    lines = real.read_text(encoding="utf-8").splitlines(keepends=True)[::3]
    (tmp_path / "third.jsonl").write_text("".join(lines), encoding="utf-8")
    whole = load_predictions(tmp_path / "third.jsonl", tokenizer=shared / "tokenizers/t5")
    expected = to_json(scores_document(score(whole), FEW).json())
    monkeypatch.setattr(generations, "slices", partial(slices, size=size))
    assert {to_json(scores_document(score(whole, processes=many), FEW).json()) for many in (1, 2, 5)} == {expected}


def test_texts_that_were_forgotten_are_the_same_in_any_number_of_processes(
    real: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(structuring.Frequent.__init__, "__defaults__", (3,))
    monkeypatch.setattr(generations, "slices", partial(slices, size=50_000))
    one, two = (scores_document(score(load_predictions(real), processes=many), Resampling(0)).json() for many in (1, 2))
    assert to_json(one) == to_json(two)
    assert any("least_counts" in each["structuring"] for each in one["datasets"].values())


@pytest.fixture
def altered(real: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Alter], Path]:
    """Writes the real file with changed records, which is then read in small parts."""
    monkeypatch.setattr(generations, "slices", partial(slices, size=20_000))

    def write(alter: Alter) -> Path:
        records = [json.loads(line) for line in real.open(encoding="utf-8")]
        alter(records)
        path = tmp_path / "altered.jsonl"
        path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
        return path

    return write


def _no_text(records: list[dict[str, Any]]) -> None:
    del records[650]["prediction"]
    records[660]["prediction"] = 3


def _of_another_split(records: list[dict[str, Any]]) -> None:
    records[90]["split"] = "train"


def _split_of_a_whole_part(records: list[dict[str, Any]]) -> None:
    for record in records[50:]:
        record["split"] = "train"


def _twice(records: list[dict[str, Any]]) -> None:
    records[610] = records[601]


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize(
    ("alter", "message"),
    [
        (_no_text, "line 651: prediction: is missing"),
        (_of_another_split, "line 91: split: 'train', but earlier sentences of crossner_ai are of "),
        (_split_of_a_whole_part, "line 51: split: 'train', but earlier sentences of crossner_ai are of "),
        (_twice, "line 611: instance.id: sentence .* was read already .*line 602"),
    ],
)
def test_errors_of_later_parts_name_their_line(
    altered: Callable[[Alter], Path], alter: Alter, message: str, processes: int
) -> None:
    with pytest.raises(InputError, match=message):
        score(load_predictions(altered(alter)), processes=processes)


def test_a_killed_process_is_told(real: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generations, "slices", partial(slices, size=50_000))
    monkeypatch.setattr(counting, "_count", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    with pytest.raises(GnerBenchError, match="a process that scored was killed"):
        score(load_predictions(real), processes=2)


def test_progress_over_many_parts_is_told(
    real: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(generations, "slices", partial(slices, size=5_000))
    score(load_predictions(real), processes=2)
    assert "scoring: " in capsys.readouterr().err
