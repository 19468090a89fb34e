"""Definitions of entity types for prompts: the catalogue's, or those of a TOML or JSON file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gner_bench.answers import Definition
from gner_bench.answers.lenient_json import read_json
from gner_bench.answers.types import known_as
from gner_bench.catalog import catalog
from gner_bench.config import read_toml
from gner_bench.data import Dataset
from gner_bench.documents.fields import parse_json
from gner_bench.errors import InputError, short
from gner_bench.files import read_text
from gner_bench.messages import Say

CATALOG, NONE = "catalog", "none"
BySet = dict[str, dict[str, Definition]]
"""Definitions by data set and type; those of the empty name are for all sets."""


def definitions_for(source: str, datasets: Sequence[Dataset], say: Say) -> tuple[BySet, str]:
    """The definitions of the types of ``datasets`` from ``source``, and the SHA-256 (hex) of all that it holds.

    ``say`` is told of types without one and of names in a file that are no type. Types are told exactly, else by case
    and ``_`` for a space. Raises InputError (file and field) for a file that cannot be read or holds anything else.
    """
    if source == CATALOG:
        given = {entry.name: _of_catalog(entry.definitions) for entry in catalog().dataset if entry.definitions}
    else:
        given = read_definitions(Path(source))
    content = json.dumps(
        {name: {kind: vars_of(d) for kind, d in sorted(own.items())} for name, own in sorted(given.items())}
    )
    chosen: BySet = {}
    used: set[tuple[str, str]] = set()
    for dataset in datasets:
        own_types = [kind for sentence in dataset.sentences for kind in sentence.types]
        types = tuple(dict.fromkeys((*dataset.types, *own_types)))
        known = known_as(types)
        chosen[dataset.name] = {}
        for name in ("", dataset.name):
            for written, definition in given.get(name, {}).items():
                if (kind := known(written)) in types:
                    chosen[dataset.name][kind] = definition
                    used.add((name, written))
        if missing := [kind for kind in types if kind not in chosen[dataset.name]]:
            say(f"{dataset.name}: types without a definition: {', '.join(map(short, missing))}")
    if source != CATALOG:
        for line in _unknown(given, used, [dataset.name for dataset in datasets]):
            say(f"{source}: {line}")
    return chosen, hashlib.sha256(content.encode()).hexdigest()


def vars_of(definition: Definition) -> list[Any]:
    """A definition as JSON."""
    return [definition.text, definition.guidelines, list(definition.examples)]


def _of_catalog(texts: Mapping[str, str]) -> dict[str, Definition]:
    return {kind: Definition(text) for kind, text in texts.items()}


def _unknown(given: BySet, used: set[tuple[str, str]], names: Sequence[str]) -> Iterator[str]:
    """What a file names that is none of these data sets' types, or no data set at all."""
    for name, own in given.items():
        if name and name not in names:
            if catalog().find_dataset(name) is None:
                yield f"{short(name)} is neither a type with a definition nor a data set of this run"
        elif kinds := [kind for kind in own if (name, kind) not in used]:
            where = f" of {name}" if name else ""
            yield f"defines what is no type{where}: {', '.join(map(short, kinds))}"


def read_definitions(path: Path) -> BySet:
    """The definitions of a file by data set and type.

    A type has a sentence, or a table with ``definition``, ``guidelines`` and ``examples``; a data set has a table of
    types. SLIMER's files are read, too, with ``Definition`` and ``Guidelines`` or, in one text, ``gpt_answer``. Raises
    InputError (file, field) for anything else and for none.
    """
    text = read_text(path)
    as_json = path.suffix.lower() == ".json" or text.lstrip()[:1] == "{"
    table = parse_json(path, None, text) if as_json or text.lstrip()[:2] in ("[{", "[\n") else read_toml(path)
    if isinstance(table, list):
        table = {str(_named(item) or index): item for index, item in enumerate(table)}
    if not isinstance(table, dict) or not table:
        raise InputError(path, "expected a table of types with their definitions")
    given: BySet = {}
    for name, value in table.items():
        if isinstance(value, dict) and not _is_definition(value):
            given[name] = {kind: _definition(path, f"{name}.{kind}", inner) for kind, inner in value.items()}
        else:
            given.setdefault("", {})[name] = _definition(path, name, value)
    return given


def _named(value: Any) -> str:
    return str(value.get("real_name") or value.get("named_entity") or "") if isinstance(value, dict) else ""


def _is_definition(table: dict[str, Any]) -> bool:
    return not {"definition", "gpt_answer"}.isdisjoint(key.lower() for key in table) and not all(
        isinstance(inner, dict) for inner in table.values()
    )


def _definition(path: Path, field: str, value: Any) -> Definition:
    if isinstance(value, str):
        value = {"definition": value}
    if isinstance(value, dict) and isinstance(answer := value.get("gpt_answer"), str):
        value = read_json(answer, lambda inner: isinstance(inner, dict) and bool(inner), [])
    if not isinstance(value, dict):
        raise InputError(path, f"expected a sentence or a table, found {short(value)}", field=field)
    parts = {key.lower(): inner for key, inner in value.items()}
    text, guidelines, examples = parts.get("definition"), parts.get("guidelines") or "", parts.get("examples") or []
    if isinstance(examples, str):
        examples = [examples]
    if not isinstance(text, str) or not text.strip():
        raise InputError(path, "expected a sentence as definition", field=f"{field}.definition")
    if isinstance(guidelines, list) and all(isinstance(line, str) for line in guidelines):
        guidelines = " ".join(guidelines)
    if not isinstance(guidelines, str):
        raise InputError(path, f"expected text, found {short(guidelines)}", field=f"{field}.guidelines")
    if not isinstance(examples, list) or not all(isinstance(example, str) for example in examples):
        raise InputError(path, f"expected an array of strings, found {short(examples)}", field=f"{field}.examples")
    return Definition(" ".join(text.split()), " ".join(guidelines.split()), tuple(examples))
