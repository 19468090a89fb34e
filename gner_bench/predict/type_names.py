"""Other names that prompts have for the types of the data, to see what a name is worth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from gner_bench.answers.types import known_as, plain
from gner_bench.catalog import synonyms
from gner_bench.data import Dataset
from gner_bench.predict.options import TypeNames

GIVEN: TypeNames = "given"


@cache
def _synonym() -> Callable[[str], str]:
    table = synonyms()
    known = known_as(tuple(table))
    return lambda kind: table.get(known(kind), kind)


def _naming(style: TypeNames) -> Callable[[str], str]:
    """The name of a type in a ``style``."""
    if style == "underscore":
        return lambda kind: "_".join(kind.split())
    if style == "upper":
        return str.upper
    return _synonym() if style == "synonyms" else str


def type_names(style: TypeNames, datasets: Sequence[Dataset]) -> dict[str, dict[str, str]]:
    """By data set, the types that have another name in a ``style``, and that name.

    A type keeps its own where another would have the same name, so that answers can be read back.
    """
    naming = _naming(style)
    by_set = {}
    for dataset in datasets:
        own_types = [kind for sentence in dataset.sentences for kind in sentence.types]
        types = list(dict.fromkeys((*dataset.types, *own_types)))
        names = {kind: naming(kind) for kind in types}
        by_set[dataset.name] = {
            kind: name
            for kind, name in names.items()
            if name != kind
            and all(plain(name) not in (plain(other), plain(names[other])) for other in types if other != kind)
        }
    return by_set
