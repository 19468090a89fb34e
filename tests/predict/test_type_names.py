"""Other names of types in prompts: which they are, and how answers with them are read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gner_bench import load_predictions
from gner_bench.answers import Definition, Shot
from gner_bench.data import Dataset, Sentence
from gner_bench.errors import InputError
from gner_bench.predict.asking import with_names
from gner_bench.predict.options import TypeNames
from gner_bench.predict.plan import Asking, plan
from gner_bench.predict.type_names import type_names


@pytest.mark.parametrize(
    ("types", "style", "names"),
    [
        (("literary genre", "book"), "underscore", {"literary genre": "literary_genre"}),
        (("literary genre", "book"), "upper", {"literary genre": "LITERARY GENRE", "book": "BOOK"}),
        (("Location", "ORG"), "synonyms", {"Location": "place"}),
        (("Location", "ORG"), "given", {}),
        (("ORG",), "upper", {}),
        # A name that another type has, or would have, is not given: answers could not be read back.
        (("location", "Place"), "synonyms", {}),
        (("a b", "a_b"), "underscore", {}),
    ],
)
def test_the_names_of_a_style(types: tuple[str, ...], style: TypeNames, names: dict[str, str]) -> None:
    assert type_names(style, [Dataset("d", "test", types, ())]) == {"d": names}


def test_prompt_definitions_and_shots_have_the_names() -> None:
    sentence = Sentence("0", ("Ann", "saw", "Oslo"), ("B-person", "O", "B-location"))
    asking = Asking(
        definitions={"d": {"person": Definition("People.")}}, shots={"d": (Shot(sentence.words, sentence.tags),)}
    )
    named = with_names(asking, {"d": {"person": "human being"}})
    (task,) = plan(Dataset("d", "test", ("person", "location"), (sentence,)), "file", 0, named)
    assert task.question.types == ("human being", "location")
    assert list(task.question.definitions) == ["human being"]
    assert task.question.shots[0].tags == ("B-human being", "O", "B-location")
    record = task.record("Ann(B-human being) saw(O) Oslo(B-person)", {})
    assert (record.types, record.asked, record.tags) == (
        ("person", "location"),
        ("human being", "location"),
        sentence.tags,
    )
    assert record.gold_text == "Ann(B-human being) saw(O) Oslo(B-location)"


def test_answers_are_read_by_the_names_of_the_prompt(tmp_path: Path) -> None:
    sentence = Sentence("0", ("Ann", "saw", "Oslo"), ("B-person", "O", "B-location"))
    named = with_names(Asking(), {"d": {"person": "human being"}})
    (task,) = plan(Dataset("d", "test", ("person", "location"), (sentence,)), "file", 0, named)
    path, document = (
        tmp_path / "predictions.jsonl",
        task.record("Ann(B-human being) saw(O) Oslo(B-person)", {}).document(),
    )
    path.write_text(json.dumps(document) + "\n", encoding="utf-8")
    (prediction,) = load_predictions(path)
    assert prediction.predicted == ("B-person", "O", "O")  # "person" is no type of the prompt
    assert prediction.structured is not None
    assert prediction.structured.unknown_labels == 1
    document["asked_types"] = ["location", "location"]
    path.write_text(json.dumps(document) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="asked_types: expected 2 names, each of another type of label_list"):
        list(load_predictions(path))
