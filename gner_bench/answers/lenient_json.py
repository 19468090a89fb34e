"""JSON as models write it: within prose or fences, in single quotes, as Python has it, with trailing commas, cut short.

One tolerance for all readers of JSON in answers. What was not read strictly is noted, once an answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from gner_bench.answers.types import known_as, plain

MENDED = "answers that are no valid JSON, read as far as they go"
EMPTY = "answers without text, read as no entity"
UNREADABLE = "answers without the JSON that was asked for, read as no entity"
CUT = "answers that end within a mention, which is left out"
AROUND = "answers with text before or after what was asked for, left out"
STRAY = "values in answers that are no mention, left out"

TEXTS = ("text", "mention", "span", "entity", "name", "value", "word", "entity_text", "entity_name", "string")
TYPES = (
    *("type", "label", "entity_type", "category", "entity_group", "class", "tag"),
    *("entity_label", "types", "labels", "entity"),
)
"""Keys that objects have for the text and the type of a mention, the surest first."""
_SEVERAL = ("texts", "mentions", "spans", "entities", "names", "values", "words", "items", *TEXTS)
"""Keys that objects have for the texts of several mentions of a type."""
WRAPPERS = frozenset(
    {
        *("entities", "named entities", "mentions", "spans", "entity list", "extracted entities", "annotations"),
        *("results", "result", "output", "answer", "answers", "response", "ner", "data", "items", "predictions"),
        "properties",
    }
)
"""Keys, as ``plain`` has them, under which the mentions are."""
ASIDE = frozenset(
    {
        *("reasoning", "reason", "reasons", "explanation", "explanations", "rationale", "thought", "thoughts", "note"),
        *("notes", "comment", "comments", "confidence", "score", "status", "count", "sentence", "input", "text"),
    }
)
"""Keys of what models say beside their mentions, where no type is called so."""
_NOTHING = r"(?:none|null|n/a|nil|no (?:named )?entit(?:y|ies)(?: found)?)?"
_BESIDE = r"[^\w\[\]{}]*"
NOTHING = re.compile(rf"{_BESIDE}(?:{_NOTHING}|\[{_BESIDE}{_NOTHING}{_BESIDE}\]){_BESIDE}", re.IGNORECASE)
"""What says that there is no entity, within marks and brackets or alone."""
_BARE = r"(?:[^\s,:\[\](){}\"'“”]|(?<=\w)'(?=\w))+"
_LITERAL = re.compile(rf"{_BARE}(?:[ \t]+{_BARE})*")
_SKIPPED = re.compile(r"(?:\s+|//[^\n]*)+")
_CONSTANTS = {"true": True, "false": False, "null": None, "none": None}
_ENDS_STRING = re.compile(r"\s*(?:[,:\]})]|\Z)")
QUOTES = {'"': '"', "'": "'", "“": "”"}
_BETWEEN = re.compile(r"[\s,;]+")
_MOST = 200
"""Brackets at which JSON is looked for: prose may hold any number of them."""
_DEEPEST = 50


def read_json(text: str, fits: Callable[[Any], int], notes: list[str]) -> Any:
    """The value in ``text`` that ``fits`` most, 0 being not at all; None where none does. What was overlooked is noted.

    Valid JSON goes before other, which must not be empty; of values that fit alike what is not empty goes before what
    is, then the last.
    """
    escaped = text.replace('\\"', '"')
    ways = ((None, True, text), (MENDED, True, escaped), (MENDED, False, text))
    for note, strict, written in ways if escaped != text else ways[::2]:
        cut: list[int] = []
        read = list(_values(written, strict, cut))
        if note is None and len(read) > 1:
            edges = [0, *(edge for start, end, _ in read for edge in (start, end)), len(written)]
            between = "".join(written[end:start] for end, start in zip(edges[::2], edges[1::2], strict=True))
            if not _BETWEEN.sub("", between):  # lines of JSON
                read = [(read[0][0], read[-1][1], [value for _, _, value in read])]
        fitting = [
            (fits(value), _says_something(value), end, start, value)
            for start, end, value in read
            if fits(value) and (not note or _holds_something(value))
        ]
        if fitting:
            *_, end, start, value = max(fitting, key=lambda fitted: fitted[:3])
            notes += [CUT] if start in cut else [note] if note else []
            if written[:start].strip(' \n\t`"') or written[end:].strip(' \n\t`;."'):
                notes.append(AROUND)
            return value
    if not text.strip():
        notes.append(EMPTY)
    elif not NOTHING.fullmatch(text):
        notes.append(UNREADABLE)
    return None


def _holds_something(value: Any) -> bool:
    """Whether a value is more than brackets in brackets."""
    return any(map(_holds_something, value)) if isinstance(value, list) else value not in (None, "", {})


def _says_something(value: Any) -> bool:
    """Whether a value holds more than empty lists under keys."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(map(_says_something, inner)) if isinstance(value, dict | list) else value not in (None, "")


def _values(text: str, strict: bool, cut: list[int]) -> Iterator[tuple[int, int, Any]]:
    """The values in a text with their places: those of valid JSON if ``strict``, none of them within another.

    Else it is what can be read of every bracket, those within another too, as one in prose may never close. ``cut``
    gets the places of those whose text ends within a string.
    """
    places, end = [match.start() for match in re.finditer(r"[\[{]", text)], 0
    for start in places if len(places) <= _MOST else [*places[: _MOST // 2], *places[-_MOST // 2 :]]:
        if strict and start < end:
            continue
        try:
            if strict:
                value, end = json.JSONDecoder().raw_decode(text, start)
            else:
                reader = Reader(text, start)
                value, end = reader.value(), reader.place
                cut += [start] if reader.cut else []
        except (ValueError, RecursionError):  # DeepError among them
            continue
        yield start, end, value


class DeepError(ValueError):
    """Brackets in brackets without end."""


@dataclass
class Reader:
    """Reads a value from ``place`` on, whatever is there; fails (DeepError) for depth alone. ``cut`` says that the text
    ended within a string."""

    text: str
    place: int
    depth: int = 0
    cut: bool = False

    def value(self) -> Any:
        """A value; an object is a dict, and a set or tuple of Python a list."""
        mark = self.peek()
        if mark and mark in "[{(":
            return self._container(mark)
        if mark in QUOTES:
            return self._string(QUOTES[mark])
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

    def peek(self) -> str:
        """The next character that is no white space or comment, nothing at the end."""
        skipped = _SKIPPED.match(self.text, self.place)
        self.place = skipped.end() if skipped else self.place
        return self.text[self.place : self.place + 1]

    def _container(self, mark: str) -> Any:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise DeepError
        self.place += 1
        items: list[Any] = []
        pairs: dict[str, Any] = {}
        while (following := self.peek()) and following not in "])}":
            if following == ",":
                self.place += 1
                continue
            before, item = self.place, self.value()
            if self.peek() != ":":
                items += [item] if item is not _CUT else []
            elif mark == "{":
                self.place += 1
                # A key that the text ends after, or whose value is cut, has none.
                value = self.value() if self.peek() else None
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
        self.cut = True
        return _CUT


_CUT = object()


_ESCAPE = re.compile(r"\\(?:(?:u|U0{4}|x(?=[0-9a-fA-F]{2}))([0-9a-fA-F]{4}|(?<=x)[0-9a-fA-F]{2})|(.))", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "a": "\a", "\n": ""}


def unescaped(text: str) -> str:
    """``text`` as it reads within the quotes of JSON or Python; a backslash before any other character is none."""
    if "\\" not in text:
        return text
    read = _ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else _ESCAPED.get(m[2], m[2]), text)
    # Two escapes of JSON may be the halves of one character.
    return read.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def mentions_in(value: Any, types: Sequence[str], notes: list[str]) -> list[tuple[str, str]]:
    """The (text, type) pairs of a value: an object by type or by text, a list of objects or pairs, or any under a key.
    What is no mention is noted."""
    name, known = known_as(tuple(types)), set(types)
    match value:
        case dict() if (mentions := _mentions_of(value, known, name, notes)) is not None:
            return mentions
        case dict():
            wrapped = any(_wraps(key, inner) for key, inner in value.items() if name(key) not in known)
            return [
                mention for key, inner in value.items() for mention in _under_key(key, inner, wrapped, types, notes)
            ]
        case [str(first), str(second)] if name(second) in known or name(first) in known:
            return [(first, second) if name(second) in known else (second, first)]
        case list():
            return [mention for inner in value for mention in mentions_in(inner, types, notes)]
    notes.append(STRAY)
    return []


def _wraps(key: str, value: Any) -> bool:
    """Whether a key that is no type is that of all mentions, by its name or by what is under it."""
    if plain(key) in WRAPPERS:
        return isinstance(value, list | dict | None)
    objects = value if isinstance(value, list) else []
    return bool(objects) and all(isinstance(o, dict) and _first(o, TYPES) and _first(o, TEXTS) for o in objects)


def _under_key(key: str, value: Any, wrapped: bool, types: Sequence[str], notes: list[str]) -> list[tuple[str, str]]:
    """The mentions at a key of an object: a type, a text, a name for all mentions, or something said beside them."""
    name, known = known_as(tuple(types)), set(types)
    if name(key) not in known:
        if _wraps(key, value):
            return [] if value is None else mentions_in(value, types, notes)
        if wrapped or plain(key) in ASIDE:
            return []
        kinds = [value] if isinstance(value, str) else value if isinstance(value, list) else []
        if kinds and all(isinstance(kind, str) and name(kind) in known for kind in kinds):
            return [(key, kind) for kind in kinds]
        if isinstance(value, dict) and (mentions := _mentions_of(value, known, name, notes)) is not None:
            return mentions
        if isinstance(value, dict) and isinstance(kind := _first(value, TYPES), str) and name(kind) in known:
            return [(key, kind)]
    return [(text, key) for text in texts_in(value, notes)]


def _first(value: dict[str, Any], keys: Sequence[str]) -> Any:
    named = {plain(key).replace(" ", "_"): inner for key, inner in value.items()}
    return next((named[key] for key in keys if key in named), None)


def _mentions_of(
    value: dict[str, Any], known: set[str], name: Callable[[str], str], notes: list[str]
) -> list[tuple[str, str]] | None:
    """The mentions that an object is, by its keys, of one text or type or several; None for one that is by type."""
    own = [key for key in value if name(key) not in known]
    keys = {plain(key).replace(" ", "_"): key for key in own}
    for kind, text in product(TYPES, (*TEXTS, *_SEVERAL)):
        if kind not in keys or text not in keys or kind == text:
            continue
        kinds, texts = value[keys[kind]], value[keys[text]]
        if isinstance(kinds, str) and (isinstance(texts, str) or (text in _SEVERAL and isinstance(texts, list))):
            return [(texts, kinds)] if isinstance(texts, str) else [(inner, kinds) for inner in texts_in(texts, notes)]
        if isinstance(kinds, list) and kinds and isinstance(texts, str) and all(isinstance(k, str) for k in kinds):
            return [(texts, one) for one in kinds]
    return None


def texts_in(value: Any, notes: list[str]) -> list[str]:
    """The texts for one type: a list of strings or of objects with a text, or one of them; else it is noted."""
    match value:
        case str():
            return [] if not value.strip() or (NOTHING.fullmatch(value) and re.search(r"\w", value)) else [value]
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
            inner = next((inner for key, inner in value.items() if _wraps(key, inner)), None)
            if inner is not None:
                return texts_in(inner, notes)
            if all(isinstance(inner, int | float | bool) for inner in value.values()):
                return list(value)  # a text with its score or number
    notes.append(STRAY)
    return []
