from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from math import sqrt
from pathlib import Path
from typing import Any

import pytest

from gner_bench.api import compare
from gner_bench.documents.run import Model, Run
from gner_bench.documents.scores import Computed, Resampling
from gner_bench.scoring.comparison import MeasuredSystem
from gner_bench.scoring.document import scores_document, scores_of
from gner_bench.scoring.gates import Baseline, Gates, to_know
from gner_bench.scoring.noise import SEEN, computed, same_weights, seen, to_say
from gner_bench.scoring.paired import Difference
from gner_bench.scoring.predictions import Origin
from gner_bench.scoring.scores import Scores
from gner_bench.scoring.signature import differences, signature_fields

from .sentences import GIVEN, Given, sentence

TINY = Run(
    model=Model("tiny", revision="v1", files={"model.safetensors": "ab" * 32, "config.json": "cd" * 32}),
    settings={"dtype": "bf16", "decoding": "drafted"},
    batch_size=8,
    prompt_hash="ef" * 32,
    device="cpu",
    versions={"torch": "2.13.0", "python": "3.11"},
)
MEAN = Difference("mean", 0.5, 0.505, 0.005, (0.001, 0.009), 0.01, 0.01, None, 0.004)


def of(**changes: Any) -> Computed:
    return computed([replace(TINY, **changes)])


def test_what_computed_is_what_all_runs_agree_on() -> None:
    assert of() == Computed("tiny", "v1", "ab" * 32, "ef" * 32, "drafted", "bf16", 8, "cpu", "torch 2.13.0")
    both = computed([TINY, replace(TINY, batch_size=32)])
    assert (both.weights, both.batch_size) == ("ab" * 32, None)
    several = of(model=Model("tiny", files={"a.safetensors": "1", "b.safetensors": "2"}))
    assert several.weights == of(model=Model("tiny", files={"b.safetensors": "2", "a.safetensors": "1"})).weights


def test_the_same_weights_are_told_with_all_that_their_runs_differ_in() -> None:
    other = of(batch_size=32, settings={"dtype": "fp32", "decoding": "drafted"}, prompt_hash="x", device="cuda:0")
    assert same_weights(("A", "B"), (of(), other)) == (
        "A and B are the same weights (SHA-256 abababab…); they differ in prompts, dtype bf16/fp32, batch size 8/32,"
        " device cpu/cuda:0: the test holds for these outputs, not for the model"
    )
    assert "in what their runs differ is not known" in same_weights(("A", "B"), (of(), of()))


def test_names_are_compared_only_where_weights_are_not_known() -> None:
    fine_tuned = of(model=Model("tiny", revision="v1", files={"model.safetensors": "12" * 32}))
    assert same_weights(("A", "B"), (of(), fine_tuned)) == ""
    served = of(model=Model("tiny", revision="v1"))
    assert "the same model by name, tiny" in same_weights(("A", "B"), (of(), served))
    assert same_weights(("A", "B"), (of(), of(model=Model("tiny", revision="v2")))) == ""
    assert same_weights(("A", "B"), (of(), None)) == ""


def test_a_star_within_what_batch_sizes_gave_is_told_where_outputs_may_move() -> None:
    other = of(model=Model("large", files={"model.safetensors": "12" * 32}))
    said = to_say(("A", "B"), (of(), other), MEAN, 700)
    assert said.startswith("B is +0.50 points from A in the mean, which batch sizes alone could give")
    assert f"by up to {SEEN} points on 700 sentences;" in said
    assert to_say(("A", "B"), (None, None), MEAN, 700) == said
    assert to_say(("A", "B"), (of(), other), replace(MEAN, difference=0.0099), 700) == ""
    assert to_say(("A", "B"), (of(), other), replace(MEAN, p_randomization=0.06), 700) == ""
    assert to_say(("A", "B"), (of(), other), MEAN, 7000) == ""
    assert seen(2800) == pytest.approx(SEEN / 2)
    assert seen(350) == pytest.approx(SEEN * sqrt(2))
    steady = [of(settings={"dtype": "fp32"}, model=Model(name, files={"x.bin": name})) for name in "ab"]
    assert to_say(("A", "B"), (steady[0], steady[1]), MEAN, 700) == ""


def scored(known: Computed | None, *predicted: str, origin: Origin = GIVEN) -> Scores:
    from gner_bench.api import score

    sentences = [sentence("B-x O", tags, id=str(place)) for place, tags in enumerate(predicted)]
    return score(Given(tuple(sentences), replace(origin, computed=known)))


def test_compare_and_gates_tell_the_same_weights_also_from_scores_json(tmp_path: Path) -> None:
    one, other = scored(of(), "B-x O", "B-x O"), scored(of(batch_size=32), "B-x O", "O O")
    (warning, *_) = compare(one, other, resamples=100).warnings()
    assert "are the same weights (SHA-256 abababab…); they differ in batch size 8/32" in warning
    assert not [line for line in compare(one, one, resamples=100).warnings() if "weights" in line]
    document = scores_document(one, Resampling(0))
    again = scores_of(document, tmp_path)
    assert again.origin.computed == of()
    system = MeasuredSystem("baseline", again, document.signature_fields)
    gate = Gates(baseline=Baseline((Path("base.json"),), (system,), "gner"))
    (line,) = to_know(other, gate)
    assert line.startswith("base.json and these scores are the same weights")
    assert to_know(one, gate) == []


def test_number_format_and_batch_size_are_in_the_signature_where_they_move_texts_and_are_not_compared() -> None:
    plain = signature_fields(scored(None, "B-x O"), Resampling())
    assert signature_fields(scored(of(settings={"dtype": "fp32"}), "B-x O"), Resampling()) == plain
    bf16 = signature_fields(scored(of(), "B-x O"), Resampling())
    assert {key: bf16[key] for key in bf16 if key not in plain} == {"dtype": "bf16", "batch": "8"}
    assert differences(plain, bf16, ["gner"]) == []


def test_a_file_has_what_its_run_json_says(record: Callable[..., Any], predictions_file: Callable[..., Path]) -> None:
    from gner_bench.api import load_predictions

    path = predictions_file(record())
    assert load_predictions(path, tokenizer="none").origin.computed is None
    path.with_name("run.json").write_text(
        json.dumps({"version": 2, "model": {"name": "tiny", "files": {"m.bin": "a"}}, "batch_size": 4}), "utf-8"
    )
    known = load_predictions(path, tokenizer="none").origin.computed
    assert known == Computed("tiny", weights="a", batch_size=4)
