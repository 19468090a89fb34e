"""The user's own prompt: fields are filled, all other braces are text, and what is missing is told by the file."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from gner_bench.answers import Definition, Question, Shot, answer_format
from gner_bench.answers.template import templated
from gner_bench.errors import InputError, UsageError

QUESTION = Question(
    ["Ann", "{types}", "saw"],
    ("person", "place"),
    {"person": Definition("A named person.")},
    (Shot(("Bo", "sings"), ("B-person", "O")),),
)


def prompts(tmp_path: Path, name: str, text: str) -> list[str]:
    path = tmp_path / "mine.txt"
    path.write_text(text, encoding="utf-8")
    return templated(answer_format(name), path)[0].ask(QUESTION)


def test_fields_are_filled_once_and_other_braces_are_text(tmp_path: Path) -> None:
    """The sentence holds what looks like a field; JSON and a doubled field are text."""
    template = '{"form": {"a": [{}]}} {{text}} \\x{ types }\n{types}|{definitions}|{examples}\n{text}\n'
    assert prompts(tmp_path, "json", template) == [
        '{"form": {"a": [{}]}} {text} \\x{ types }\nperson, place|- person: A named person.\n- place|'
        'Sentence: Bo sings\nAnswer: {"person": ["Bo"]}\nAnn {types} saw'
    ]


def test_a_format_of_several_questions_is_asked_for_each_type(tmp_path: Path) -> None:
    assert prompts(tmp_path, "uniner", "{text}? {type} of {types}: {definition} {examples}") == [
        'Ann {types} saw? person of person, place: A named person. Sentence: Bo sings\nAnswer: ["Bo"]',
        "Ann {types} saw? place of person, place:  Sentence: Bo sings\nAnswer: []",
    ]


def test_the_format_stays_but_for_what_it_asks(tmp_path: Path) -> None:
    path, uniner = tmp_path / "mine.txt", answer_format("uniner")
    path.write_text("{text} {type} {definition}", encoding="utf-8")
    format, digest = templated(uniner, path)
    assert (format.name, format.version, format.read) == ("uniner", uniner.version, uniner.read)
    assert format.uses == {"definitions"}
    assert digest == hashlib.sha256(b"{text} {type} {definition}").hexdigest()


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("json", "{types}", "the field {text} is missing, where the sentence goes"),
        ("json", "{text}", "the field {types} or {definitions} is missing, where the types go"),
        ("json", "{text} {typs}", "unknown field {typs}; did you mean 'types'?; the text {typs} is written {{typs}}"),
        ("json", "{text} {types} {type}", "the format json asks for all types at once: {type} is of one type"),
        ("gner", "{text} {types} {definition}", "the format gner asks for all types at once: {definition} is of one"),
        ("slimer", "{text} {types}", "the format slimer asks for one type at a time: the field {type} is missing"),
        ("json", "{{text}} {types}", "the field {text} is missing"),
    ],
)
def test_unknown_and_missing_fields_are_told_with_the_file(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        prompts(tmp_path, name, text)
    assert str(caught.value).startswith(f"{tmp_path / 'mine.txt'}: {message}")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_bytes(b"\xff{text}")
    with pytest.raises(InputError, match="is not UTF-8 text"):
        templated(answer_format("json"), tmp_path / "mine.txt")
