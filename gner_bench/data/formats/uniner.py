"""Conversations of UniversalNER (Pile-NER-type): a text, and for each type the mentions found in it, without places."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from gner_bench.answers.answer import Mentions
from gner_bench.answers.front import take_off
from gner_bench.answers.uniner import QUESTION, TEXT, strings
from gner_bench.answers.uniner import UNINER as UNINER_ANSWERS
from gner_bench.bio import Reading
from gner_bench.data.collect import Collector
from gner_bench.data.formats import JSON_SUFFIXES, DataFormat, Predicted, Source
from gner_bench.data.sentence import Dataset
from gner_bench.documents.fields import Fields, read_objects
from gner_bench.errors import short
from gner_bench.structure.placing import Mention, place_mentions
from gner_bench.words import WORD

ANSWERS = ("prediction", "output", "response", "pred_answers")
"""Keys that may hold a model's answer beside a conversation, whose own answer then is the gold and is not read."""
ASSUMED = ("mentions are at every occurrence of their text",)


@dataclass
class Placement:
    """What became of the mentions, each counted once a sentence and type.

    ``found`` were tagged, ``several`` of them in more than one place. Not tagged: ``overlapping`` (only within entities
    already placed), ``conflicting`` (listed under an earlier type too) and ``missing`` (not in the text).
    """

    found: int = 0
    several: int = 0
    overlapping: int = 0
    conflicting: int = 0
    missing: int = 0


@dataclass
class _Conversation:
    fields: Fields
    text: str
    answers: dict[str, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def read_uniner(source: Source) -> list[Dataset]:
    """The data set of a file, with a remark on what became of the mentions; see ``read_uniner_counted``."""
    datasets, counts = read_uniner_counted(source)
    remark = (
        f"mentions: {counts.found} placed ({counts.several} of them in several places); not placed:"
        f" {counts.overlapping} overlapping, {counts.conflicting} of two types, {counts.missing} missing"
    )
    return [replace(dataset, remarks=(remark,)) for dataset in datasets]


def read_uniner_counted(source: Source) -> tuple[list[Dataset], Placement]:
    """The data set of a file of JSON lines or of one JSON array, and what became of the mentions.

    Text and mentions are split by ``WORD``. Longer mentions (in words) go first, those of equal length in the order of
    the file. Every occurrence of a mention, from left to right, that shares no word with an entity already placed is
    tagged; case counts unless no occurrence has it. A mention listed under two types is of the first one. Types that
    are to be dropped place nothing. Conversations that follow each other with the same text and other types (UniNER's
    test data asks one question each) are one sentence, with the id of the first.

    Raises InputError naming line (or index) and field for another form, and for an answer that is no list of strings.
    """
    collector = Collector(source, "conversations", "conversations")
    placement = Placement()
    for talk in _joined(_conversation(fields) for fields in read_objects(source.path, source.reading.keys)):
        words = tuple(WORD.findall(talk.text))
        mentions: dict[tuple[str, ...], Mention] = {}
        for kind, texts in talk.answers.items():
            if kind in source.reading.drop:
                continue
            for text in dict.fromkeys(tuple(WORD.findall(text)) for text in texts):
                placement.conflicting += mentions.setdefault(text, Mention("", text, kind)).type != kind
        tags = ["O"] * len(words)
        for _, occurring, tagged in place_mentions(tags, words, mentions.values(), by_character=False):
            placement.missing += not occurring
            placement.overlapping += occurring and not tagged
            placement.found += tagged > 0
            placement.several += tagged > 1
        collector.add(talk.fields, words, tags, tuple(talk.answers))
    return [collector.dataset()], placement


def _joined(conversations: Iterable[_Conversation]) -> Iterator[_Conversation]:
    """The conversations, those that follow each other with the same text and other types as one."""
    current: _Conversation | None = None
    for talk in conversations:
        if current and talk.text == current.text and current.answers.keys().isdisjoint(talk.answers):
            current.answers.update(talk.answers)
            current.notes += talk.notes
            continue
        if current:
            yield current
        current = talk
    if current:
        yield current


def _conversation(fields: Fields) -> _Conversation:
    values: list[str] = []
    for index, turn in enumerate(fields.get("conversations", list)):
        speaker = "gpt" if index % 2 else "human"
        match turn:
            case {"from": who, "value": str(value)} if who == speaker:
                values.append(value)
            case _:
                message = f'expected {{"from": "{speaker}", "value": …}}, found {short(turn)}'
                raise fields.error(f"conversations[{index}]", message)
    if not values or len(values) % 2:
        raise fields.error("conversations", f"expected pairs of human and gpt, found {len(values)} turns")
    if not values[0].startswith(TEXT):
        raise fields.error("conversations[0].value", f"expected {TEXT} …, found {short(values[0])}")
    talk = _Conversation(fields, values[0].removeprefix(TEXT))
    for index in range(2, len(values), 2):
        kind, said = _asked_type(fields, index, values[index]), values[index + 1]
        try:
            mentions = json.loads(said)
        except (ValueError, RecursionError):
            mentions = None
        if not isinstance(mentions, list) or not all(isinstance(mention, str) for mention in mentions):
            message = f"expected a JSON array of strings, found {short(said)}"
            raise fields.error(f"conversations[{index + 1}].value", message)
        talk.answers.setdefault(kind, []).extend(mentions)
    return talk


def _asked_type(fields: Fields, index: int, said: str) -> str:
    question = QUESTION.fullmatch(said.strip())
    if question is None:
        message = f"expected What describes … in the text?, found {short(said)}"
        raise fields.error(f"conversations[{index}].value", message)
    return question[1]


def read_predictions(source: Source, own_gold: Reading | None) -> Iterator[Predicted]:
    """The sentences of a file in the form of UniNER's test data: a text and a question for a type each.

    The answer is the one that a key of ``ANSWERS`` holds, else that of the conversation. Conversations that follow each
    other with the same text and other types are one sentence. Raises InputError naming line (or index) and field.
    """
    for talk in _joined(map(_answered, read_objects(source.path, source.reading.keys))):
        mentions = [(mention, kind) for kind, texts in talk.answers.items() for mention in texts]
        yield Predicted(talk.fields, tuple(talk.text.split()), Mentions(mentions, talk.notes), id=talk.fields.id())


def _answered(fields: Fields) -> _Conversation:
    turns = fields.get("conversations", list)
    said = [turn["value"] for turn in turns if isinstance(turn, dict) and isinstance(turn.get("value"), str)]
    if len(said) < len(turns) or not said or TEXT not in said[0]:
        raise fields.error("conversations", f'expected turns with a value, the first "{TEXT} …", found {short(turns)}')
    key = next((key for key in ANSWERS if key in fields.value), None)
    if len(said) < 3 or (not key and len(said) % 2):
        message = f"expected a text and pairs of question and answer, found {len(said)} turns"
        raise fields.error("conversations", message)
    if key and len(said) > 4:
        raise fields.error(key, f"one answer cannot be that to {(len(said) - 2) // 2} questions")
    talk = _Conversation(fields, said[0].partition(TEXT)[2].strip())
    for index in range(2, len(said), 2):
        kind = _asked_type(fields, index, said[index])
        answer: Any = fields.value[key] if key else said[index + 1]
        if isinstance(answer, str):
            answer = take_off(answer, talk.text.split(), (kind,), talk.notes)
        talk.answers.setdefault(kind, []).extend(strings(answer, talk.notes))
    return talk


UNINER = DataFormat(
    "uniner",
    "UniversalNER's conversations in JSON (Pile-NER); gold and predictions",
    read_uniner,
    read_predictions,
    suffixes=JSON_SUFFIXES,
    example='{"id": "0", "conversations": [{"from": "human", "value": "Text: Ann saw Oslo"}, {"from": "gpt", "value":'
    ' "I\'ve read this text."}, {"from": "human", "value": "What describes LOC in the text?"}, {"from": "gpt", "value":'
    ' "[\\"Oslo\\"]"}]}',
    keys=("conversations",),
    version=UNINER_ANSWERS.version,
    assumed=ASSUMED,
)
