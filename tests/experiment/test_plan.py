"""The plan of a configuration, before anything is fetched or run."""

from __future__ import annotations

import json
from pathlib import Path

from gner_bench.experiment.config import PRESETS, Experiment, SystemEntry, read_experiment
from gner_bench.experiment.plan import PREDICTION_BYTES, plan_experiment


def demo(tmp_path: Path, **settings: object) -> Experiment:
    experiment = {"data": "demo", "checkpoints": (SystemEntry("demo", "tiny"),), **settings}
    return Experiment(predictions=str(tmp_path), report="r", **experiment)  # type: ignore[arg-type]


def test_what_is_not_cached_is_counted_by_the_catalogue(tmp_path: Path) -> None:
    plan = plan_experiment(read_experiment(PRESETS["zero-shot"]), tmp_path)
    assert sum(planned.sentences for planned in plan.sets) == 6470
    assert not any(planned.cached for planned in plan.sets)
    assert len(plan.runs) == 5
    assert plan.download == sum(planned.download or 0 for planned in plan.runs) > 70e9
    assert plan.written == 5 * 6470 * PREDICTION_BYTES


def test_a_limit_cuts_each_set(tmp_path: Path) -> None:
    plan = plan_experiment(demo(tmp_path, limit="3-7"), tmp_path)
    assert {planned.sentences for planned in plan.sets} == {5}
    assert plan.runs[0].sentences == 35


def test_a_checkpoint_in_two_decodings_is_fetched_once(tmp_path: Path) -> None:
    experiment = demo(tmp_path, checkpoints=(SystemEntry("GNER-T5-base"),), decodings=("drafted", "constrained"))
    plan = plan_experiment(experiment, tmp_path)
    assert plan.download == plan.runs[0].download


def test_work_that_is_done_is_not_estimated_again(tmp_path: Path) -> None:
    run = tmp_path / "tiny"
    run.mkdir()
    (run / "predictions.jsonl").write_text("{}\n" * 68, encoding="utf-8")
    about = {
        "status": "done",
        "model": {"source": "demo"},
        "settings": {"decoding": "drafted"},
        "throughput": {"generating": {"sentences_per_second": 50.0}},
    }
    (run / "run.json").write_text(json.dumps(about), encoding="utf-8")
    planned = plan_experiment(demo(tmp_path), tmp_path).runs[0]
    assert (planned.done, planned.sentences, planned.seconds, planned.measured) == (68, 168, 2.0, True)


def test_nothing_is_guessed_where_nothing_is_known(tmp_path: Path) -> None:
    plan = plan_experiment(demo(tmp_path), tmp_path)
    assert plan.runs[0].seconds is None
    assert plan.seconds is None
    on_gpu = demo(tmp_path, checkpoints=(SystemEntry("GNER-T5-base"),), device="cuda")
    assert plan_experiment(on_gpu, tmp_path).runs[0].seconds is None
