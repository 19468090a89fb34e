"""GoLLIE's answers: a Python list of instances of a class for each type, ``[Person(span="Ann"), …]``.

The prompt is that of HiTZ/GoLLIE-7B, -13B and -34B: https://github.com/hitz-zentroa/GoLLIE, templates/prompt.txt as
``black`` formats it, src/tasks and notebooks/Named Entity Recognition.ipynb. KnowCoder answers alike, without keys.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence
from itertools import chain, count
from typing import Any

from gner_bench.answers.answer import AnswerFormat, Mentions, Question
from gner_bench.answers.lenient_json import (
    CUT,
    EMPTY,
    MENDED,
    NOTHING,
    QUOTES,
    STRAY,
    TEXTS,
    TYPES,
    UNREADABLE,
    DeepError,
    Reader,
)
from gner_bench.bio import lenient_spans

START = "# The following lines describe the task definition\n"
BLANK = "\n\n\n"
TEXT = "# This is the text to analyze\ntext = "
RESULT = "\n\n# The annotation instances that take place in the text above are listed here\nresult ="
KEYS = (*TEXTS, "arg1", "entity_span")
"""What a class may call the text of a mention, ``span`` among them."""
_CALL = re.compile(r"(?<![\w.])([^\W\d]\w*)[ \t]*\(")
_CLASS = re.compile(r"\b(?:class|def)\s+\Z")
_KEY = re.compile(r"([^\W\d]\w*)\s*=(?!=)\s*")


def class_names(types: Sequence[str]) -> dict[str, str]:
    """A Python name for each type, ``ProgrammingLanguage`` for ``programming language``, no two alike."""
    names: dict[str, str] = {}
    for kind in dict.fromkeys(types):
        name = "".join(
            part[:1].upper() + part[1:]
            for part in re.findall(r"[^\W_]+", kind)
            if part.isidentifier() or part.isdecimal()
        )
        name = f"Type{name}" if not name.isidentifier() or keyword.iskeyword(name) else name
        taken = {known.lower() for known in names.values()}
        ways = chain([name], (f"{name}{number}" for number in count(2)))
        names[kind] = next(way for way in ways if way.lower() not in taken)
    return names


def literal(text: str) -> str:
    """``text`` as a string of Python in the quotes that black chooses: double ones unless these take more escapes."""
    single = repr(text)
    if single[0] == '"':
        return single
    double = single[1:-1].replace("\\'", "'").replace('"', '\\"')
    return single if double.count("\\") > single.count("\\") else f'"{double}"'


def ask(question: Question) -> list[str]:
    """One prompt for all types: a class for each, with its definition as docstring where it has one."""
    classes = []
    for kind, name in class_names(question.types).items():
        definition, doc, examples = question.definitions.get(kind), "", ""
        if definition is not None:
            said = " ".join(f"{definition.text} {definition.guidelines}".split()).replace('"""', "'''")
            doc = f'    """{said} """\n\n' if said.endswith('"') else f'    """{said}"""\n\n'
            examples = ", ".join(f'"{example}"' for example in definition.examples)
            examples = f"  # Such as: {examples}" if examples else ""
        classes.append(f"@dataclass\nclass {name}(Entity):\n{doc}    span: str{examples}")
    return [f"{START}{BLANK.join(classes)}{BLANK}{TEXT}{literal(' '.join(question.words))}{RESULT}"]


def read(text: str, words: Sequence[str], types: Sequence[str]) -> Mentions:
    """The mentions of the calls in ``text``; one of a class that no type has counts as of a type of its name."""
    if not text.strip():
        return Mentions([], [EMPTY])
    kinds = {_squeezed(name): kind for kind, name in class_names(types).items()}
    kinds |= {_squeezed(kind): kind for kind in types if _squeezed(kind) not in kinds}
    pairs: list[tuple[str, str]] = []
    notes: list[str] = []
    place, told = 0, False
    while call := _CALL.search(text, place):
        reader = Reader(text, call.end())
        arguments = _arguments(reader)
        place = max(reader.place, call.end())
        if _CLASS.search(text, 0, call.start()):
            continue
        own = next((arguments[key] for key in TYPES if isinstance(arguments.get(key), str)), "")
        kind = kinds.get(_squeezed(call[1])) or kinds.get(_squeezed(own))
        mentions = _texts(arguments)
        told |= kind is not None or bool(mentions)
        pairs += [(mention, kind or call[1]) for mention in mentions]
        notes += [CUT] if reader.cut else [STRAY] if kind is not None and not mentions else []
    if not told and not (re.search(r"\[\s*\]?\s*\Z", text) or NOTHING.fullmatch(text.strip())):
        return Mentions([], [UNREADABLE])
    if pairs and CUT not in notes and not re.search(r"\]\W*\Z", text):
        notes.append(MENDED)
    return Mentions(list(dict.fromkeys(pairs)), notes)


def _squeezed(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()


def _arguments(reader: Reader) -> dict[str | int, Any]:
    """The arguments of a call by key or place, up to the bracket that closes it."""
    arguments: dict[str | int, Any] = {}
    while mark := reader.peek():
        if mark in ")]}":
            reader.place += mark == ")"
            break
        if mark == ",":
            reader.place += 1
            continue
        before, key = reader.place, _KEY.match(reader.text, reader.place)
        if key:
            reader.place = key.end()
        try:
            value = reader.value()
        except DeepError:
            break
        # Words in brackets without quotes are prose.
        if key or mark in QUOTES or mark == "[":
            arguments[key[1] if key else len(arguments)] = value
        reader.place = max(reader.place, before + 1)
    return arguments


def _texts(arguments: dict[str | int, Any]) -> list[str]:
    """The text of a mention among the arguments of a call: under a usual key, else the first text without one."""
    given = [arguments[key] for key in KEYS if key in arguments]
    given += [value for key, value in arguments.items() if isinstance(key, int) and isinstance(value, str)]
    for value in given:
        texts = [value] if isinstance(value, str) else value if isinstance(value, list) else []
        if texts := [text for text in texts if isinstance(text, str) and text.strip()]:
            return texts
    return []


def write(words: Sequence[str], tags: Sequence[str]) -> str:
    """The list of instances for the mentions of ``tags``."""
    spans = lenient_spans(tags)
    names = class_names([kind for _, _, kind in spans])
    calls = [f"    {names[kind]}(span={literal(' '.join(words[first:end]))}),\n" for first, end, kind in spans]
    return f"[\n{''.join(calls)}]" if calls else "[]"


GOLLIE = AnswerFormat(
    "gollie",
    "GoLLIE's Python list of instances of a class for each type",
    "gollie-1",
    read,
    ask,
    write,
    uses=frozenset({"definitions"}),
    wrapping="plain",
    max_new_tokens=512,
)
