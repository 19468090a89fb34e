"""Definitions, shots and templates: where they come from, what prompts hold of them, what run.json says of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gner_bench.answers import Definition
from gner_bench.bio import lenient_spans
from gner_bench.catalog import catalog
from gner_bench.data import Dataset, Sentence
from gner_bench.documents.record import read_records
from gner_bench.documents.run import Model
from gner_bench.errors import InputError, UsageError
from gner_bench.predict import engine
from gner_bench.predict.backend import ASKING, Backend, BackendKind, SystemOptions
from gner_bench.predict.definitions import definitions_for
from gner_bench.predict.generation import Generation
from gner_bench.predict.options import Options
from gner_bench.predict.plan import Task
from gner_bench.predict.shots import draw

MOVIE = Dataset("mit-movie", "test", ("actor", "genre"), (Sentence("0", ("hi",), ("O",)),))
OWN = Dataset("own", "test", ("Actor", "Ship"), (Sentence("0", ("hi",), ("O",), ("Port_name",)),))


def test_every_type_of_the_catalogue_has_one_neutral_sentence() -> None:
    typed = [entry for entry in catalog().dataset if entry.types]
    assert len(typed) == 20
    for entry in typed:
        assert set(entry.definitions) == set(entry.types), entry.name
        for kind, text in entry.definitions.items():
            assert text[0].isupper(), (entry.name, kind)
            assert text.endswith("."), (entry.name, kind)
            assert ". " not in text, (entry.name, kind)
            assert 3 <= len(text.split()) <= 25, (entry.name, kind)
            assert not {"you", "please", "label", "annotate", "not only"} & set(text.lower().split()), (
                entry.name,
                kind,
            )


def test_the_catalogues_definitions_are_those_of_the_set(tmp_path: Path) -> None:
    said: list[str] = []
    chosen, digest = definitions_for("catalog", [MOVIE, OWN], said.append)
    assert chosen["mit-movie"]["actor"] == Definition("The name of a person who acts in a film.")
    assert chosen["own"] == {}
    assert said == ["own: types without a definition: 'Actor', 'Ship', 'Port_name'"]
    # A run may go on with more sets: what is noted of the catalogue is the same.
    assert definitions_for("catalog", [MOVIE], said.append)[1] == digest


FILES = {
    "d.toml": 'actor = "Who acts."\n[own]\nactor = "Who acts here."\n[own.ship]\ndefinition = "A  ship."\n'
    'guidelines = "No boats."\nexamples = ["Argo"]\n',
    "d.json": '{"actor": "Who acts.", "own": {"actor": "Who acts here.", "ship": {"Definition": "A ship.",'
    ' "Guidelines": ["No", "boats."], "examples": "Argo"}}}',
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_defines_types_for_all_sets_and_for_one(tmp_path: Path, name: str) -> None:
    path, said = tmp_path / name, list[str]()
    path.write_text(FILES[name])
    chosen, _ = definitions_for(str(path), [MOVIE, OWN], said.append)
    ship = Definition("A ship.", "No boats.", ("Argo",))
    assert chosen == {
        "mit-movie": {"actor": Definition("Who acts.")},
        "own": {"Actor": Definition("Who acts here."), "Ship": ship},
    }
    assert said == [
        "mit-movie: types without a definition: 'genre'",
        "own: types without a definition: 'Port_name'",
    ]


def test_slimers_files_are_read(tmp_path: Path) -> None:
    """As in andrewzamai/SLIMER: by type, and as a list with what a model wrote, cut at its limit."""
    path = tmp_path / "d.json"
    path.write_text('{"actor": {"Definition": "Who acts.", "Guidelines": "No voices."}}')
    wanted = {"actor": Definition("Who acts.", "No voices.")}
    assert definitions_for(str(path), [MOVIE], [].append)[0]["mit-movie"] == wanted
    answer = '{"Definition": "Who acts.", "Guidelines": "No voices."}'
    path.write_text(json.dumps([{"named_entity": "ACTOR", "real_name": "actor", "gpt_answer": answer}]))
    assert definitions_for(str(path), [MOVIE], [].append)[0]["mit-movie"] == wanted
    path.write_text(json.dumps({"actor": {"named_entity": "actor", "gpt_answer": answer}}))
    assert definitions_for(str(path), [MOVIE], [].append)[0]["mit-movie"] == wanted


def test_names_that_are_no_type_are_told(tmp_path: Path) -> None:
    path, said = tmp_path / "d.toml", list[str]()
    path.write_text('actr = "Who acts."\ngenre = "A kind."\n[crossner_ai]\ntask = "A task."\n[mine]\nx = "An x."\n')
    definitions_for(str(path), [MOVIE], said.append)
    assert said == [
        "mit-movie: types without a definition: 'actor'",
        f"{path}: defines what is no type: 'actr'",
        f"{path}: 'mine' is neither a type with a definition nor a data set of this run",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 3\n", "x: expected a sentence or a table, found 3"),
        ('[x]\nguidelines = "a"\ndefinition = ""\n', "x.definition: expected a sentence as definition"),
        ('[x]\ndefinition = "a"\nexamples = [1]\n', "x.examples: expected an array of strings, found [1]"),
        ("x =\n", "is not TOML"),
        ("", "expected a table of types with their definitions"),
        ('{"x": ', "is not JSON"),
    ],
)
def test_files_that_define_nothing_are_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "d.toml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        definitions_for(str(path), [MOVIE], [].append)
    assert message in str(caught.value)


def sentence(id: str, tags: str, words: str = "") -> Sentence:
    return Sentence(id, tuple((words or f"w{id} x y").split()), tuple(tags.split()))


TRAIN = Dataset(
    "own",
    "train",
    ("a", "b"),
    tuple(sentence(str(i), "O O O" if i % 4 else "B-a O B-b" if i == 8 else "B-a I-a O") for i in range(20)),
)
ASKED = Dataset("own", "test", ("a", "b"), (sentence("0", "O O O", "W1 X y"), sentence("1", "O O O")))


@given(st.integers(0, 2**40), st.integers(1, 18))
def test_shots_are_drawn_by_seed_and_show_types_first(seed: int, count: int) -> None:
    shots = draw(ASKED, TRAIN, count, seed)
    assert shots == draw(ASKED, TRAIN, count, seed)
    assert len({shot.id for shot in shots}) == count
    assert not {"1"} & {shot.id for shot in shots}  # its words are asked about, in another case
    by_id = {sentence.id: sentence for sentence in TRAIN.sentences}
    assert all((by_id[shot.id].words, by_id[shot.id].tags) == (shot.words, shot.tags) for shot in shots)
    # Sentence 8 alone has b. Whatever the seed, two shots have both types, the first at least one.
    kinds = [{kind for _, _, kind in lenient_spans(shot.tags)} for shot in shots]
    assert kinds[0]
    assert set().union(*kinds[:2]) == ({"a", "b"} if count > 1 else kinds[0])
    # More shots begin with the same ones.
    assert draw(ASKED, TRAIN, count - 1, seed) == shots[:-1]


def test_other_seeds_and_sets_have_other_shots() -> None:
    drawn = [draw(ASKED, TRAIN, 5, seed) for seed in range(5)]
    assert len(set(drawn)) > 1
    assert draw(replace(ASKED, name="other"), TRAIN, 5, 0) != drawn[0]


def test_too_few_sentences_are_refused() -> None:
    with pytest.raises(UsageError) as caught:
        draw(ASKED, TRAIN, 20, 0)
    assert str(caught.value) == "--shots 20: the train split of own has 19 sentences that can be shown"


@pytest.fixture
def predict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs a backend that writes every prompt down and answers ``{}``."""
    prompts: list[str] = []

    def decode(tasks: Sequence[Task]) -> Iterator[tuple[Task, Generation]]:
        for task in tasks:
            prompts.append(task.prompt)
            yield task, Generation("{}", 1, "stop")

    def make(system: SystemOptions, options: Options) -> Backend:
        model = Model("silent", "silent", files={})
        name = system.format or "json"
        return Backend("silent", model, {"backend": "silent"}, "plain", "cpu", decode, format=name)

    kind = BackendKind("silent", "answers nothing", make, ASKING)
    monkeypatch.setattr(engine, "BACKENDS", {"silent": kind})
    folder = tmp_path / "data" / "own"
    folder.mkdir(parents=True)
    (folder / "label.txt").write_text("person\nplace\n")
    (folder / "test.txt").write_text("Ann\tB-person\nsaw\tO\n\nRio\tB-place\n")
    (folder / "train.txt").write_text("Bo\tB-person\nsings\tO\n\nhi\tO\n\nrio\tB-place\n")

    def run(**more: Any) -> tuple[list[str], dict[str, Any]]:
        prompts.clear()
        split = more.pop("split", "test")
        options = Options(tmp_path / "data", tmp_path / more.pop("out", "run"), split=split)
        path = engine.run_prediction(SystemOptions("x", "silent", **more), options, lambda _: None)
        written = [record.prompt for record in read_records(path)]
        assert prompts in ([], written) or all(isinstance(json.loads(text), list) for text in written)
        return written, json.loads(path.with_name("run.json").read_text())

    return run


def test_a_run_notes_what_its_prompts_hold(predict: Any, tmp_path: Path) -> None:
    definitions, template = tmp_path / "d.toml", tmp_path / "t.txt"
    definitions.write_text('person = "A named person."\n')
    prompts, run = predict(definitions=str(definitions), shots=2)
    assert all("- person: A named person.\n- place\n" in prompt for prompt in prompts)
    assert run["datasets"]["own"]["shots"] == ["0", "1"]  # rio is asked about
    assert {"shots": 2, "shots_seed": 0}.items() <= run["settings"].items()
    assert len(run["settings"]["definitions"]) == 64
    for prompt in prompts:
        assert 'Sentence: Bo sings\nAnswer: {"person": ["Bo"], "place": []}' in prompt
        assert 'Sentence: hi\nAnswer: {"person": [], "place": []}' in prompt
    template.write_text("{text} {types}")
    with pytest.raises(InputError, match=r"this folder holds a run with .*prompt"):
        predict(prompt=template)
    prompts, run = predict(prompt=template, out="other")
    assert prompts == ["Ann saw person, place", "Rio person, place"]
    assert len(run["settings"]["prompt"]) == 64
    assert "shots" not in run["datasets"]["own"]
    template.write_text("{types} {text}")
    with pytest.raises(InputError, match="holds a run with prompt"):
        predict(prompt=template, out="other")


@pytest.mark.parametrize(
    ("options", "template", "message"),
    [
        ({"format": "gner", "definitions": "catalog"}, "", "--definitions: the format gner has no place for"),
        ({"format": "b2ner", "shots": 1}, "", "--shots: the format b2ner has no place for shots"),
        ({"shots": 1}, "{text} {types}", "t.txt has no place for shots"),
        ({}, "{text} {types} {examples}", "t.txt: has a field for shots, but there are none; --shots gives them"),
        ({}, "{text} {definitions}", "t.txt: has a field for definitions, but there are none; --definitions gives"),
        ({"shots": 3}, "", "--shots 3: the train split of own has 2 sentences that can be shown"),
        ({"shots": 1, "split": "train"}, "", "--shots shows sentences of the train split, which is what --split"),
    ],
)
def test_what_has_no_place_or_is_not_there_is_refused(
    predict: Any, tmp_path: Path, options: dict[str, Any], template: str, message: str
) -> None:
    if template:
        (tmp_path / "t.txt").write_text(template)
        options = {**options, "prompt": tmp_path / "t.txt"}
    with pytest.raises(UsageError) as caught:
        predict(**options)
    assert message in str(caught.value)
