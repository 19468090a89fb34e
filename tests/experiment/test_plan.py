"""The plan of a configuration, before anything is fetched or run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from gner_bench.demo import CHECKPOINT
from gner_bench.errors import InputError, UsageError
from gner_bench.experiment.asked import Asked
from gner_bench.experiment.config import PRESETS, Experiment, SystemEntry, read_experiment
from gner_bench.experiment.plan import PREDICTION_BYTES, plan_experiment


def demo(tmp_path: Path, **settings: object) -> Experiment:
    experiment = {"data": "demo", "systems": (SystemEntry("demo", name="tiny"),), **settings}
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
    experiment = demo(tmp_path, systems=(SystemEntry("GNER-T5-base"),), decodings=("drafted", "constrained"))
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
    on_gpu = demo(tmp_path, systems=(SystemEntry("GNER-T5-base"),), device="cuda")
    assert plan_experiment(on_gpu, tmp_path).runs[0].seconds is None


def test_calls_tokens_and_cost_of_a_server(tmp_path: Path) -> None:
    """Tokens at 4 characters: a prompt of GNER, its answer with every word and tag, for the five sentences."""
    from gner_bench.answers import answer_format
    from gner_bench.answers.answer import Question
    from gner_bench.data import read_dataset
    from gner_bench.demo import CORPUS

    server = SystemEntry("gpt", "openai", base_url="http://h/v1", price=(2.0, 10.0))
    planned = plan_experiment(demo(tmp_path, systems=(server,), datasets=("mit-movie",), limit=5), tmp_path).runs[0]
    data, format = read_dataset(CORPUS, "mit-movie"), answer_format("gner")
    sentences = data.sentences[:5]
    prompts = sum(len(format.ask(Question(s.words, data.types))[0]) for s in sentences)
    answers = sum(len(format.perfect(s.words, s.tags)) for s in sentences)
    assert planned.asked == Asked(5, round(prompts / 4), round(answers / 4), counted=False)
    expected = 2e-6 * planned.asked.prompt_tokens + 10e-6 * planned.asked.answer_tokens
    assert planned.cost == pytest.approx(expected)


def test_tokens_are_counted_by_a_tokenizer_that_is_there(tmp_path: Path) -> None:
    server = SystemEntry("gpt", "openai", base_url="http://h/v1", tokenizer=CHECKPOINT / "tokenizer.json")
    rough = plan_experiment(demo(tmp_path, systems=(replace(server, tokenizer=None),)), tmp_path).runs[0].asked
    counted = plan_experiment(demo(tmp_path, systems=(server,)), tmp_path).runs[0].asked
    assert rough is not None
    assert counted is not None
    assert (rough.counted, counted.counted) == (False, True)
    assert counted.calls == rough.calls == 168
    assert counted.prompt_tokens != rough.prompt_tokens


def test_data_that_are_not_here_are_estimated_from_the_catalogue(tmp_path: Path) -> None:
    planned = plan_experiment(read_experiment(PRESETS["zero-shot"]), tmp_path).runs[0]
    assert planned.asked is not None
    assert planned.asked.calls == 6470
    # The real prompts have 500 to 1,500 characters, so about 1.5 million tokens.
    assert 1e6 < planned.asked.prompt_tokens < 3e6


def test_a_system_that_reads_no_prompts_and_files_of_predictions_are_not_asked(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").touch()
    systems = (SystemEntry("train", "gazetteer"), SystemEntry(predictions=str(tmp_path / "x.jsonl"), from_="uniner"))
    plan = plan_experiment(demo(tmp_path, systems=systems), tmp_path)
    assert [(run.job.name, run.asked) for run in plan.runs] == [("train", None), ("x", None)]
    with pytest.raises(InputError, match="no such file"):
        plan_experiment(demo(tmp_path, systems=(SystemEntry(predictions="none.jsonl"),)), tmp_path)


def test_without_a_system_the_data_are_planned(tmp_path: Path) -> None:
    plan = plan_experiment(read_experiment(PRESETS["supervised"]), tmp_path)
    assert (len(plan.sets), plan.runs, plan.seconds) == (18, (), None)


def test_shots_and_definitions_are_part_of_the_prompts(tmp_path: Path) -> None:
    server = SystemEntry("gpt", "openai", "json", base_url="http://h/v1", api="chat", name="plain")
    systems = (server, replace(server, shots=2, name="shots"), replace(server, definitions="catalog", name="defined"))
    runs = plan_experiment(demo(tmp_path, systems=systems, datasets=("mit-movie",)), tmp_path).runs
    plain, shots, defined = (run.asked.prompt_tokens for run in runs if run.asked)
    assert plain < min(shots, defined)
    # Shots of data that are not here are left out of the estimate.
    absent = demo(tmp_path, systems=systems[:2], data="", datasets=("crossner_ai",))
    plain, shots = (run.asked.prompt_tokens for run in plan_experiment(absent, tmp_path).runs if run.asked)
    assert plain == shots


def test_a_system_that_cannot_be_asked_is_named(tmp_path: Path) -> None:
    system = SystemEntry("gpt", "openai", "uniner", base_url="http://h/v1", shots=2, name="LLM")
    with pytest.raises(UsageError, match=r"^LLM: --shots"):
        plan_experiment(demo(tmp_path, systems=(system,)), tmp_path)
