"""Every format on real sentences: 20 of each zero-shot set, asked about, and their right answers read back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from gner_bench.answers import ANSWERS, answer_format
from gner_bench.api import load_predictions, score
from gner_bench.catalog import catalog
from gner_bench.data import Dataset
from gner_bench.predict.asking import material_of
from gner_bench.predict.backend import SystemOptions
from gner_bench.predict.inputs import select
from gner_bench.predict.options import Options
from gner_bench.predict.plan import Asking, plan

pytestmark = pytest.mark.slow

SETS = tuple(entry.name for entry in catalog().group("zero-shot"))
ASKED = [name for name in ANSWERS.names() if name not in ("context", "list")]


@pytest.fixture(scope="module")
def asking(shared: Path) -> tuple[list[Dataset], Asking]:
    options, said = Options(shared / "data/gner", Path("out"), SETS), list[str]()
    datasets = select(options)
    material = material_of(SystemOptions("x", definitions="catalog", shots=3), options, datasets, said.append)
    assert said == []
    return [replace(dataset, sentences=dataset.sentences[:20]) for dataset in datasets], material


@pytest.mark.parametrize("name", ASKED)
def test_prompts_hold_the_sentence_and_the_types(name: str, asking: tuple[list[Dataset], Asking]) -> None:
    datasets, material = asking
    format = answer_format(name)
    for dataset in datasets:
        tasks = plan(dataset, "file", 0, replace(material, format=format))
        prompts = [task.prompts for task in tasks]
        assert all(len(several) == (len(dataset.types) if format.several else 1) for several in prompts)
        for task, several in zip(tasks, prompts, strict=True):
            # A library is given the words themselves; what is noted is what it looks for.
            asked_about = dataset.types[0] if name == "spans" else " ".join(task.sentence.words)
            assert all(asked_about in prompt or "\\" in prompt for prompt in several)
        for kind in dataset.types if format.uses == {"definitions", "shots"} else ():
            assert f"\n- {kind}: {catalog().get_dataset(dataset.name).definitions[kind]}\n" in prompts[0][0]


@pytest.mark.parametrize("name", [*ASKED, "list"])
def test_right_answers_of_real_sentences_have_the_full_f1(
    name: str, asking: tuple[list[Dataset], Asking], tmp_path: Path
) -> None:
    """By the GNER metric in every format; by position too where marks or spans say where mentions are."""
    path, format = tmp_path / "predictions.jsonl", answer_format(name)
    records = [
        {
            "dataset": dataset.name,
            "split": "test",
            "format": name,
            "label_list": dataset.types,
            "instance": {"id": sentence.id, "words": sentence.words, "labels": sentence.tags},
            "prediction": format.perfect(sentence.words, sentence.tags),
        }
        for dataset in asking[0]
        for sentence in dataset.sentences
    ]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    scores = score(load_predictions(path), metrics=["gner", "strict"])
    assert scores.sentences == 140
    for part in scores.sets.values():
        right, predicted, gold = part.statistics.totals()["gner"]
        # Of the targets without B one cannot tell two neighbours of a type apart.
        assert right == predicted == gold or name in ("entities", "full")
        structuring = part.analysis.structuring
        assert structuring is not None
        assert structuring.readings in ({}, {**dict.fromkeys(structuring.readings, 0), "as_is": 20})
