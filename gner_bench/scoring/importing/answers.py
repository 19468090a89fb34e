"""Mentions without places: what UniNER and SLIMER answer when they are asked for the entities of a type.

A mention is placed at every occurrence in the sentence, from left to right, since the question asks what, not where:
that leaves the GNER metric as it is, which counts a text once a sentence. Longer mentions go first, those of equal
length in the order of the answers. Words are compared as they are, else in lower case, else without regard to white
space. Mentions that find no free place are unplaced: they count as predicted.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gner_bench.data.objects import read_objects
from gner_bench.data.sentence import Sentence
from gner_bench.data.tags import Reading
from gner_bench.data.uniner import QUESTION, TEXT
from gner_bench.errors import short
from gner_bench.records import Fields
from gner_bench.scoring.importing.content import Item, Placed, Types
from gner_bench.scoring.importing.placing import Span, bio, squeezed

ASSUMED = ("mentions stand at every occurrence of their text",)
ANSWERS = ("prediction", "output", "response", "pred_answers")
"""Keys that may hold a model's answer beside a conversation, whose own answer then is the gold and is not read."""
MISSING = "mentions not in the sentence (they count as predicted)"
TAKEN = "mentions only at words of other entities (they count as predicted)"
MENDED = "answers that are no JSON list, read as far as strings stand in them"
UNREADABLE = "answers without a list, read as no entity"
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"|\'((?:[^\'\\]|\\.)*)\'(?=\s*(?:[,\]]|$))')
_THOUGHTS = re.compile(r"\A.*</think>", re.DOTALL)


@dataclass(frozen=True)
class Answers:
    """The mentions that were answered for each type."""

    text: str
    mentions: list[tuple[str, str]]
    noted: Counter[str] = field(default_factory=Counter)
    generated = False

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(self.text.split())

    def place(self, sentence: Sentence, types: Types) -> Placed:
        words = sentence.words
        placed = Placed(["O"] * len(words), noted=Counter(self.noted))
        named = ((text, types.name(kind)) for text, kind in self.mentions)
        kept = dict.fromkeys((text, name) for text, name in named if name is not None)
        for text, kind in sorted(kept, key=lambda mention: -len(mention[0].split())):
            spots = occurrences(words, text)
            free = [spot for spot in spots if _tag(placed.tags, spot, kind)]
            if not free:
                placed.unplaced.append((text, kind))
                placed.noted[TAKEN if spots else MISSING] += 1
        return placed


def occurrences(words: Sequence[str], mention: str) -> list[tuple[int, int]]:
    """Where ``mention`` stands: pairs of the first word and the one after the last, from left to right."""
    wanted = mention.split()
    lower, wanted_lower = [word.lower() for word in words], mention.lower().split()
    starts = range(len(words) - len(wanted) + 1) if wanted else range(0)
    for own, other in ((words, wanted), (lower, wanted_lower)):
        if found := [(i, i + len(other)) for i in starts if list(own[i : i + len(other)]) == other]:
            return found
    return list(_by_character(lower, squeezed(mention.lower())))


def _by_character(words: Sequence[str], wanted: str) -> Iterator[tuple[int, int]]:
    for start in range(len(words)):
        text, end = "", start
        while end < len(words) and len(text) < len(wanted):
            text += squeezed(words[end])
            end += 1
        if wanted and text == wanted:
            yield start, end


def _tag(tags: list[str], spot: tuple[int, int], kind: str) -> bool:
    first, end = spot
    if any(tag != "O" for tag in tags[first:end]):
        return False
    tags[first:end] = bio(Span(first, end, kind, ""))
    return True


def read_uniner(path: Path, own_gold: Reading | None) -> Iterator[Item]:
    """The sentences of a file in the form of UniNER's test data: a text and a question for a type each.

    The answer is the one that a key of ``ANSWERS`` holds, else that of the conversation. Conversations that follow each
    other with the same text and other types are one sentence. Raises InputError naming line (or index) and field.
    """
    current: Item | None = None
    asked: set[str] = set()
    for fields in read_objects(path):
        found, kinds = _conversation(fields)
        content = current.content if current else None
        if isinstance(content, Answers) and content.text == found.text and asked.isdisjoint(kinds):
            content.mentions.extend(found.mentions)
            content.noted.update(found.noted)
            asked |= kinds
            continue
        if current:
            yield current
        current, asked = Item(fields, found, _id(fields)), kinds
    if current:
        yield current


def read_slimer(path: Path, own_gold: Reading | None) -> Iterator[Item]:
    """The sentences of a file of SLIMER-PARALLEL: ``input`` and, in ``pred_answers``, a JSON object of lists by type.

    Text before ``</think>`` and around the object is left out. Raises InputError naming line (or index) and field.
    """
    for fields in read_objects(path):
        text, noted = _THOUGHTS.sub("", fields.get("pred_answers", str)), Counter[str]()
        start = text.find("{")
        try:
            found = json.JSONDecoder().raw_decode(text, start)[0] if start >= 0 else None
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            noted[UNREADABLE] += 1
            found = {}
        mentions = [(mention, kind) for kind, value in found.items() for mention in _strings(value, noted)]
        yield Item(fields, Answers(fields.get("input", str), mentions, noted), _id(fields))


def _id(fields: Fields) -> str | None:
    id = fields.value.get("id")
    return None if id is None else str(id)


def _conversation(fields: Fields) -> tuple[Answers, set[str]]:
    """What was answered and the types that were asked for."""
    turns = fields.get("conversations", list)
    said = [turn["value"] for turn in turns if isinstance(turn, dict) and isinstance(turn.get("value"), str)]
    if len(said) < len(turns) or not said or TEXT not in said[0]:
        raise fields.error("conversations", f'expected turns with a value, the first "{TEXT} …", found {short(turns)}')
    noted = Counter[str]()
    mentions, kinds = [], set()
    for kind, answer in _asked(fields, said):
        kinds.add(kind)
        mentions += [(mention, kind) for mention in _strings(answer, noted)]
    return Answers(said[0].partition(TEXT)[2].strip(), mentions, noted), kinds


def _asked(fields: Fields, said: list[str]) -> Iterator[tuple[str, Any]]:
    """Each type asked for and its answer."""
    key = next((key for key in ANSWERS if key in fields.value), None)
    if len(said) < 3 or (not key and len(said) % 2):
        raise fields.error(
            "conversations", f"expected a text and pairs of question and answer, found {len(said)} turns"
        )
    if key and len(said) > 4:
        raise fields.error(key, f"one answer cannot be that to {(len(said) - 2) // 2} questions")
    for index in range(2, len(said), 2):
        question = QUESTION.fullmatch(said[index].strip())
        if question is None:
            message = f"expected What describes … in the text?, found {short(said[index])}"
            raise fields.error(f"conversations[{index}].value", message)
        yield question[1], fields.value[key] if key else said[index + 1]


def _strings(answer: Any, noted: Counter[str]) -> list[str]:
    """The mentions of an answer, a list or text with one; what is no string in it is noted."""
    found = parse_list(answer) if isinstance(answer, str) else answer
    if isinstance(found, list) and all(isinstance(each, str) for each in found):
        return found
    strings = [each for each in found if isinstance(each, str)] if isinstance(found, list) else _salvaged(answer)
    noted[MENDED if strings else UNREADABLE] += 1
    return strings


def parse_list(text: str) -> Any:
    """The first JSON list in ``text``, None where there is none."""
    try:
        return json.JSONDecoder().raw_decode(text, text.index("["))[0]
    except (ValueError, RecursionError):
        return None


def _salvaged(text: Any) -> list[str]:
    """The whole strings after the first bracket of a broken list."""
    _, bracket, rest = str(text).partition("[")
    return [one or other for one, other in _STRING.findall(rest)] if bracket else []
