"""Tags as they stand in files, and what is done with sequences that BIO does not allow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from gner_bench.errors import InputError, short

Repair = Literal["refuse", "begin", "discard", "keep"]
"""For an ``I-`` that continues no entity of its type: an error; a new entity; no entity; as it stands."""
PREFIXES = {"B": "B", "I": "I", "S": "B", "E": "I"}
"""What each prefix is read as: BIOES becomes BIO."""


@dataclass(frozen=True)
class Reading:
    """How a source is read: types ``rename``d, entities of types in ``drop`` made O, illegal sequences ``repair``ed."""

    repair: Repair = "refuse"
    rename: Mapping[str, str] = field(default_factory=dict)
    drop: frozenset[str] = frozenset()


class TagReader:
    """Turns the tags of one file into BIO. ``types`` are the types allowed after renaming, None for any.

    ``repaired`` counts the tags changed by the repair; ``seen`` holds the types met, in order of appearance.
    """

    def __init__(self, path: Path, types: Sequence[str] | None, reading: Reading) -> None:
        self.path, self.reading, self.repaired = path, reading, 0
        self.allowed = None if types is None else frozenset(types)
        self.seen: dict[str, None] = {}
        self._known = {"O": "O"}
        self._legal: set[tuple[str, str]] = set()

    def read(self, tags: Sequence[str], line: int, step: int = 1) -> tuple[str, ...]:
        """The tags of one sentence as BIO; the first stands on ``line`` and each next one ``step`` lines later.

        Raises InputError for a tag of no known form or type and, unless a repair is chosen, for an illegal ``I-``.
        """
        known = self._known
        try:
            bio = tuple([known[tag] for tag in tags])
        except KeyError:
            for index, tag in enumerate(tags):
                if tag not in known:
                    known[tag] = self._convert(tag, line + step * index)
            bio = tuple([known[tag] for tag in tags])
        if self._legal.issuperset(zip(("O", *bio), bio, strict=False)):
            return bio
        return self._checked(bio, line, step)

    def _convert(self, tag: str, line: int) -> str:
        prefix, dash, kind = tag.partition("-")
        if prefix not in PREFIXES or not dash or not kind:
            raise self._error(f"{short(tag)} is neither O nor B-/I- with a type", line)
        if kind in self.reading.drop:
            return "O"
        kind = self.reading.rename.get(kind, kind)
        if self.allowed is not None and kind not in self.allowed:
            raise self._error(f"{short(tag)} is neither O nor B-/I- with a type of the label list", line)
        self.seen.setdefault(kind)
        return f"{PREFIXES[prefix]}-{kind}"

    def _checked(self, bio: Sequence[str], line: int, step: int) -> tuple[str, ...]:
        out = ["O"]
        for index, tag in enumerate(bio):
            out.append(self._allowed(out[-1], tag, line + step * index))
        return tuple(out[1:])

    def _allowed(self, before: str, tag: str, line: int) -> str:
        if continues(before, tag):
            self._legal.add((before, tag))
            return tag
        repair = self.reading.repair
        if repair == "refuse":
            raise self._error(f"{short(tag)} continues no entity; choose a repair (--repair begin or discard)", line)
        if repair == "keep":
            return tag
        self.repaired += 1
        return f"B-{tag[2:]}" if repair == "begin" else "O"

    def _error(self, message: str, line: int) -> InputError:
        return InputError(self.path, message, line, "tag")


def continues(before: str, tag: str) -> bool:
    """Whether BIO allows ``tag`` after ``before``: an ``I-`` must follow a ``B-`` or ``I-`` of its own type."""
    return not tag.startswith("I-") or (before != "O" and before[2:] == tag[2:])
