"""JSON as models write it: within prose or fences, in single quotes, as Python has it, with trailing commas, cut short.

One tolerance for all readers of JSON in answers. What was not read strictly is noted, once an answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any

from gner_bench.answers.types import known_as, plain

MENDED = "answers that are no valid JSON, read as far as they go"
EMPTY = "answers without text, read as no entity"
UNREADABLE = "answers without the JSON that was asked for, read as no entity"
AROUND = "answers with text before or after their JSON, left out"
STRAY = "values in answers that are no mention, left out"

TEXTS = ("text", "mention", "span", "entity", "name", "value", "word", "entity_text", "entity_name", "string")
TYPES = (
    "type",
    "label",
    "entity_type",
    "category",
    "entity_group",
    "class",
    "tag",
    "entity_label",
    "entity",
)
"""Keys that objects have for the text and the type of a mention, the surest first."""
WRAPPERS = frozenset({"entities", "named entities", "mentions", "results", "result", "output", "answer", "ner", "data"})
_NOTHING = r"(?:none|null|n/a|nil|no (?:named )?entit(?:y|ies)(?: found)?)?"
_BESIDE = r"[^\w\[\]{}]*"
_NONE = re.compile(rf"{_BESIDE}(?:{_NOTHING}|\[{_BESIDE}{_NOTHING}{_BESIDE}\]){_BESIDE}", re.IGNORECASE)
_LITERAL = re.compile(r"[^\s,:\[\](){}\"'“”]+(?:[ \t]+[^\s,:\[\](){}\"'“”]+)*")
_SKIPPED = re.compile(r"(?:\s+|//[^\n]*)+")
_CONSTANTS = {"true": True, "false": False, "null": None, "none": None}
_ENDS_STRING = re.compile(r"\s*(?:[,:\]})]|\Z)")
_QUOTES = {'"': '"', "'": "'", "“": "”"}
_BETWEEN = re.compile(r"[\s,;]+")
_MOST = 200
"""Brackets at which JSON is looked for: prose may hold any number of them."""
_DEEPEST = 50


def read_json(text: str, fits: Callable[[Any], int], notes: list[str]) -> Any:
    """The value in ``text`` that ``fits`` most, 0 being not at all; None where none does. What was overlooked is noted.

    Valid JSON goes before other, which must not be empty; of values that fit alike what is not empty goes before what
    is, then the last.
    """
    for note, values in ((None, _strict), (MENDED, _lenient)):
        read = list(values(text))
        if note is None and len(read) > 1 and not _BETWEEN.sub("", _without(text, read)):
            read = [(read[0][0], read[-1][1], [value for _, _, value in read])]  # lines of JSON
        fitting = [
            (fits(value), bool(value), end, start, value)
            for start, end, value in read
            if fits(value) and (not note or _holds_something(value))
        ]
        if fitting:
            *_, end, start, value = max(fitting, key=lambda fitted: fitted[:3])
            notes += [note] if note else []
            if text[:start].strip(" \n\t`") or text[end:].strip(" \n\t`;."):
                notes.append(AROUND)
            return value
    if not text.strip():
        notes.append(EMPTY)
    elif not _NONE.fullmatch(text):
        notes.append(UNREADABLE)
    return None


def _holds_something(value: Any) -> bool:
    """Whether a value is more than brackets in brackets."""
    return any(map(_holds_something, value)) if isinstance(value, list) else value not in (None, "", {})


def _without(text: str, values: Sequence[tuple[int, int, Any]]) -> str:
    ends = [0, *(end for _, end, _ in values)]
    return "".join(text[end:start] for end, start in zip(ends, [*(s for s, _, _ in values), len(text)], strict=True))


def _strict(text: str) -> Iterator[tuple[int, int, Any]]:
    """The values of valid JSON with their places, none within another."""
    end = 0
    for start in _brackets(text):
        if start < end:
            continue
        try:
            value, end = json.JSONDecoder().raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        yield start, end, value


def _lenient(text: str) -> Iterator[tuple[int, int, Any]]:
    """What can be read of every bracket, those within another too: one in prose may never close."""
    for start in _brackets(text):
        reader = _Reader(text, start)
        try:
            value = reader.value()
        except _DeepError:
            continue
        yield start, reader.place, value


def _brackets(text: str) -> list[int]:
    places = [match.start() for match in re.finditer(r"[\[{]", text)]
    return places if len(places) <= _MOST else [*places[: _MOST // 2], *places[-_MOST // 2 :]]


class _DeepError(ValueError):
    """Brackets in brackets without end."""


class _Reader:
    """Reads a value from ``place`` on, whatever is there; never fails but for depth."""

    def __init__(self, text: str, place: int) -> None:
        self.text, self.place, self.depth = text, place, 0

    def value(self) -> Any:
        """A value; an object is a dict, and a set or tuple of Python a list."""
        mark = self._peek()
        if mark and mark in "[{(":
            return self._container(mark)
        if mark in _QUOTES:
            return self._string(_QUOTES[mark])
        literal = _LITERAL.match(self.text, self.place)
        if literal is None:
            self.place += 1
            return None
        self.place = literal.end()
        if not literal[0].strip(".…"):
            return _CUT
        try:
            return json.loads(literal[0])
        except (ValueError, RecursionError):
            return _CONSTANTS.get(literal[0].lower(), literal[0])

    def _peek(self) -> str:
        """The next character that is no white space or comment, nothing at the end."""
        skipped = _SKIPPED.match(self.text, self.place)
        self.place = skipped.end() if skipped else self.place
        return self.text[self.place : self.place + 1]

    def _container(self, mark: str) -> Any:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise _DeepError
        self.place += 1
        items: list[Any] = []
        pairs: dict[str, Any] = {}
        while (following := self._peek()) and following not in "])}":
            if following == ",":
                self.place += 1
                continue
            before, item = self.place, self.value()
            if self._peek() != ":":
                items += [item] if item is not _CUT else []
            elif mark == "{":
                self.place += 1
                # A key that the text ends after, or whose value is cut, has none.
                value = self.value() if self._peek() else None
                pairs[str(item)] = value if value is not _CUT else None
            else:  # a list that was never closed: this is the next key of what it is in
                self.place, following = before, ""
                break
            self.place = max(self.place, before + 1)
        self.place += 1 if following else 0
        self.depth -= 1
        return pairs if pairs or (mark == "{" and not items) else items

    def _string(self, closing: str) -> Any:
        """The text in quotes, which close before what goes on with the JSON; a text that is cut is none."""
        self.place += 1
        start = self.place
        while self.place < len(self.text):
            if self.text[self.place] == "\\":
                self.place += 2
                continue
            if self.text[self.place] == closing and _ENDS_STRING.match(self.text, self.place + 1):
                inner = self.text[start : self.place]
                self.place += 1
                return unescaped(inner)
            self.place += 1
        return _CUT


_CUT = object()


def unescaped(text: str) -> str:
    """``text`` as it reads within the quotes of JSON or Python, itself where that cannot be."""
    if "\\" not in text:
        return text
    bare = re.sub(r"\\(['\s])", r"\1", text)
    try:
        return str(json.loads(f'"{bare}"', strict=False))
    except ValueError:
        return bare.replace("\\", "")


def mentions_in(value: Any, types: Sequence[str], notes: list[str]) -> list[tuple[str, str]]:
    """The (text, type) pairs of a value: an object by type, a list of objects or pairs, or either under a key.

    What is no mention is noted.
    """
    name, known = known_as(tuple(types)), set(types)
    match value:
        case dict() if (mention := _mention(value, known, name)) is not None:
            return [mention]
        case dict():
            mentions: list[tuple[str, str]] = []
            for key, inner in value.items():
                if plain(key) in WRAPPERS and name(key) not in known:
                    mentions += mentions_in(inner, types, notes)
                else:
                    mentions += [(text, key) for text in texts_in(inner, notes)]
            return mentions
        case [str(first), str(second)] if name(second) in known or name(first) in known:
            return [(first, second) if name(second) in known else (second, first)]
        case list():
            return [mention for inner in value for mention in mentions_in(inner, types, notes)]
    notes.append(STRAY)
    return []


def _mention(value: dict[str, Any], known: set[str], name: Callable[[str], str]) -> tuple[str, str] | None:
    """The mention that an object is, by its keys; None for one that is an object by type."""
    own = [key for key, inner in value.items() if isinstance(inner, str) and name(key) not in known]
    keys = {plain(key).replace(" ", "_"): key for key in own}
    for kind, text in product(TYPES, TEXTS):
        if kind in keys and text in keys and kind != text:
            return value[keys[text]], value[keys[kind]]
    return None


def texts_in(value: Any, notes: list[str]) -> list[str]:
    """The texts for one type: a list of strings or of objects with a text, or one of them; else it is noted."""
    match value:
        case str():
            return [] if _NONE.fullmatch(value) else [value]
        case bool():
            pass
        case int():
            return [str(value)]
        case None | []:
            return []
        case dict() if not value:
            return []
        case list():
            texts = ([inner] if isinstance(inner, str) else texts_in(inner, notes) for inner in value)
            return [text for some in texts for text in some]
        case dict():
            for key in TEXTS:
                if isinstance(value.get(key), str):
                    return [value[key]]
    notes.append(STRAY)
    return []
