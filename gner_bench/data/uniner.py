"""Conversations of UniversalNER (Pile-NER-type): a text, and for each type the mentions found in it, without places."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from gner_bench.data.collect import Collector, sentence_id
from gner_bench.data.objects import read_objects
from gner_bench.data.sentence import Dataset
from gner_bench.data.source import Source
from gner_bench.data.words import WORD
from gner_bench.errors import short
from gner_bench.records import Fields

TEXT = "Text:"
QUESTION = re.compile(r"What describes (.+) in the text\?", re.DOTALL)
Mention = tuple[str, ...]


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


def read_uniner(source: Source) -> list[Dataset]:
    """The data set of a file; see ``read_uniner_counted``."""
    return read_uniner_counted(source)[0]


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
    for talk in _joined(_conversation(fields) for fields in read_objects(source.path)):
        words = tuple(WORD.findall(talk.text))
        kept = {kind: found for kind, found in talk.answers.items() if kind not in source.reading.drop}
        tags = _place(words, kept, placement)
        collector.add(talk.fields, sentence_id(talk.fields, len(collector)), words, tags, tuple(talk.answers))
    return [collector.dataset()], placement


def _joined(conversations: Iterable[_Conversation]) -> Iterator[_Conversation]:
    current: _Conversation | None = None
    for each in conversations:
        if current and each.text == current.text and current.answers.keys().isdisjoint(each.answers):
            current.answers.update(each.answers)
            continue
        if current:
            yield current
        current = each
    if current:
        yield current


def _conversation(fields: Fields) -> _Conversation:
    values = [_said(fields, index, turn) for index, turn in enumerate(fields.get("conversations", list))]
    if not values or len(values) % 2:
        raise fields.error("conversations", f"expected pairs of human and gpt, found {len(values)} turns")
    if not values[0].startswith(TEXT):
        raise fields.error("conversations[0].value", f"expected {TEXT} …, found {short(values[0])}")
    talk = _Conversation(fields, values[0].removeprefix(TEXT))
    for index in range(2, len(values), 2):
        question = QUESTION.fullmatch(values[index].strip())
        if question is None:
            message = f"expected What describes … in the text?, found {short(values[index])}"
            raise fields.error(f"conversations[{index}].value", message)
        talk.answers.setdefault(question[1], []).extend(_answer(fields, index + 1, values[index + 1]))
    return talk


def _said(fields: Fields, index: int, turn: object) -> str:
    speaker = "gpt" if index % 2 else "human"
    match turn:
        case {"from": found, "value": str(value)} if found == speaker:
            return value
    message = f'expected {{"from": "{speaker}", "value": …}}, found {short(turn)}'
    raise fields.error(f"conversations[{index}]", message)


def _answer(fields: Fields, index: int, value: str) -> list[str]:
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or not all(isinstance(mention, str) for mention in found):
        raise fields.error(f"conversations[{index}].value", f"expected a JSON array of strings, found {short(value)}")
    return found


def _place(words: Sequence[str], answers: dict[str, list[str]], placement: Placement) -> list[str]:
    """The raw tags of a sentence."""
    tags = ["O"] * len(words)
    exact, lowered = _Text(words), _Text([word.lower() for word in words])
    for mention, kind in sorted(_mentions(answers, placement).items(), key=lambda item: -len(item[0])):
        places = exact.places(mention) or lowered.places(tuple(word.lower() for word in mention))
        placed = sum(_tag(tags, start, len(mention), kind) for start in places)
        placement.missing += not places
        placement.overlapping += bool(places) and not placed
        placement.found += placed > 0
        placement.several += placed > 1
    return tags


def _mentions(answers: dict[str, list[str]], placement: Placement) -> dict[Mention, str]:
    """The type of each mention, in order of appearance."""
    types: dict[Mention, str] = {}
    for kind, found in answers.items():
        for mention in dict.fromkeys(tuple(WORD.findall(text)) for text in found):
            placement.conflicting += types.setdefault(mention, kind) != kind
    return types


class _Text:
    """Words that can be searched."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = tuple(words)
        self._starts: dict[str, list[int]] = {}
        for index, word in enumerate(words):
            self._starts.setdefault(word, []).append(index)

    def places(self, mention: Mention) -> list[int]:
        """Where ``mention`` starts, from left to right; nowhere if it has no words."""
        starts = self._starts.get(mention[0], []) if mention else []
        return [start for start in starts if self._words[start : start + len(mention)] == mention]


def _tag(tags: list[str], start: int, size: int, kind: str) -> bool:
    """Tag an entity unless a word of it is tagged already."""
    if any(tag != "O" for tag in tags[start : start + size]):
        return False
    tags[start : start + size] = [f"B-{kind}"] + [f"I-{kind}"] * (size - 1)
    return True
