"""Prompts from a template: a format's own, or one of the user's, whose answers the format reads as ever.

Fields are ``{text}``, ``{types}`` (separated by commas), ``{type}`` (the one that is asked for), ``{definitions}`` (a
line for each type), ``{definition}`` and ``{examples}`` (sentences with their answers). All else is text, other braces
too; ``{{type}}`` is the text ``{type}``.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from gner_bench.answers.answer import AnswerFormat, Perfect, Question
from gner_bench.answers.by_type import texts_by_type
from gner_bench.answers.wording import defined, listed_types, shown
from gner_bench.errors import UsageError, did_you_mean
from gner_bench.files import read_text

FIELDS = ("text", "types", "type", "definitions", "definition", "examples")
DEFINING = frozenset({"definitions", "definition"})
_FIELD = re.compile(r"\{\{([A-Za-z_]+)\}\}|\{([A-Za-z_]+)\}")


@dataclass(frozen=True)
class Template:
    """A ``text`` with fields; one with ``{type}`` asks for each type. ``perfect`` are the right answers in examples."""

    text: str
    perfect: Perfect = lambda words, tags: ""

    def __call__(self, question: Question) -> list[str]:
        """The prompts."""
        kinds = question.types if any(found[2] == "type" for found in _FIELD.finditer(self.text)) else [None]
        return [_FIELD.sub(partial(self._filled, question, kind), self.text) for kind in kinds]

    def _filled(self, question: Question, kind: str | None, found: re.Match[str]) -> str:
        match found[2]:
            case None:
                return f"{{{found[1]}}}"
            case "text":
                return " ".join(question.words)
            case "types":
                return ", ".join(question.types)
            case "type":
                return kind or ""
            case "definitions":
                return listed_types(question)
            case "definition":
                return defined(question.definitions.get(kind or ""))
        answers = []
        for shot in question.shots:
            if kind is None:
                answers.append(self.perfect(shot.words, shot.tags))
            else:  # to the question for one type, a JSON list
                texts = texts_by_type(shot.words, shot.tags).get(kind, [])
                answers.append(json.dumps(texts, ensure_ascii=False))
        return shown(question.shots, answers)


def templated(format: AnswerFormat, path: Path) -> tuple[AnswerFormat, str]:
    """``format`` asked for by the template of a file, and the SHA-256 (hex) of the file's text. Raises InputError for a
    file that cannot be read, UsageError, naming it, for unknown and missing fields."""
    text = read_text(path)
    used = {found[2] for found in _FIELD.finditer(text) if found[2]}
    for name in sorted(used.difference(FIELDS)):
        literally = f"the text {{{name}}} is written {{{{{name}}}}}"
        raise UsageError(f"{path}: unknown field {{{name}}}; {did_you_mean(name, [*FIELDS])}; {literally}")
    if "text" not in used:
        raise UsageError(f"{path}: the field {{text}} is missing, where the sentence goes")
    if format.several and "type" not in used:
        raise UsageError(f"{path}: the format {format.name} asks for one type at a time: the field {{type}} is missing")
    for name in sorted(used & {"type", "definition"}) if not format.several else ():
        raise UsageError(f"{path}: the format {format.name} asks for all types at once: {{{name}}} is of one type")
    if not format.several and not used & {"types", "definitions"}:
        raise UsageError(f"{path}: the field {{types}} or {{definitions}} is missing, where the types go")
    uses = frozenset(["definitions"] * bool(used & DEFINING) + ["shots"] * ("examples" in used))
    # Editors end a file with a line end, which is no part of the prompt.
    asked = replace(format, ask=Template(text.removesuffix("\n"), format.perfect), uses=uses)
    return asked, hashlib.sha256(text.encode()).hexdigest()
