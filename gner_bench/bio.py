"""BIO: tags and spans of words, how they follow each other, other schemes, and the repair of illegal sequences.

A tag is ``O`` or a prefix and a type, ``B-person``. BIO (IOB2) has the prefixes ``B`` and ``I``; BIOES adds ``E`` for
the last word of an entity and ``S`` for its only word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from gner_bench.errors import InputError, short

Span = tuple[int, int, str]
"""First word, word after the last, type."""
Repair = Literal["refuse", "begin", "discard", "keep"]
"""For an ``I-`` that continues no entity of its type: an error; a new entity; no entity; as it is."""
AS_BIO = {"B": "B", "I": "I", "S": "B", "E": "I"}
"""What each prefix is in BIO."""


def split_tag(tag: str) -> tuple[str, str] | None:
    """The prefix, read as BIO, and the type of a tag in BIO or BIOES; ``("O", "")``; None for what is no tag."""
    if tag == "O":
        return "O", ""
    prefix, dash, kind = tag.partition("-")
    return (AS_BIO[prefix], kind) if dash and kind and prefix in AS_BIO else None


def may_follow(before: str, tag: str) -> bool:
    """Whether BIO allows ``tag`` after ``before``: an ``I-`` must follow a ``B-`` or ``I-`` of its own type."""
    return not tag.startswith("I-") or (before != "O" and before[2:] == tag[2:])


def lenient_spans(tags: Sequence[str]) -> list[Span]:
    """The (start, end, type) spans of any sequence of tags, as the GNER metric reads them.

    ``B-`` or ``O`` closes the open span, ``I-`` after ``O`` or at the start opens one, and the last label inside a span
    names it (Ding et al. 2024).
    """
    spans: list[Span] = []
    is_open = False
    for index, tag in enumerate(tags):
        if tag == "O":
            is_open = False
        elif is_open and tag.startswith("I-"):
            spans[-1] = (spans[-1][0], index + 1, tag[2:])
        else:
            spans.append((index, index + 1, tag[2:]))
            is_open = True
    return spans


def strict_spans(tags: Sequence[str]) -> list[Span]:
    """The (start, end, type) spans of valid BIO: ``B-`` and the ``I-`` of the same type that follow it.

    Any other ``I-`` belongs to no span, as in seqeval with ``mode="strict"`` and ``scheme=IOB2``.
    """
    spans: list[Span] = []
    continued = ""
    for index, tag in enumerate(tags):
        if tag == "O":
            continued = ""
        elif tag.startswith("B-"):
            spans.append((index, index + 1, tag[2:]))
            continued = "I-" + tag[2:]
        elif tag == continued:
            spans[-1] = (spans[-1][0], index + 1, spans[-1][2])
        else:
            continued = ""
    return spans


def conlleval_spans(tags: Sequence[str]) -> list[Span]:
    """The (start, end, type) spans of any sequence of tags, as conlleval and seqeval's default mode read them.

    An ``I-`` that continues nothing, or an entity of another type, begins an entity.
    """
    spans: list[Span] = []
    before = "O"
    for index, tag in enumerate(tags):
        if tag.startswith("I-") and may_follow(before, tag):
            spans[-1] = (spans[-1][0], index + 1, tag[2:])
        elif tag != "O":
            spans.append((index, index + 1, tag[2:]))
        before = tag
    return spans


def place_span(tags: list[str], start: int, end: int, kind: str) -> bool:
    """Tag the words from ``start`` to before ``end`` as one entity, unless one of them is in an entity already."""
    # Of spans placed before, most that overlap hold an end of it.
    if tags[start] != "O" or tags[end - 1] != "O" or any(tag != "O" for tag in tags[start:end]):
        return False
    tags[start:end] = [f"B-{kind}", *[f"I-{kind}"] * (end - start - 1)]
    return True


def tags_of(length: int, spans: Sequence[Span]) -> list[str]:
    """The tags of ``length`` words from spans of them. Raises ValueError for spans that share a word."""
    tags = ["O"] * length
    for start, end, kind in spans:
        if not place_span(tags, start, end, kind):
            raise ValueError(f"the span {start} to {end} shares a word with another, which BIO cannot hold")
    return tags


def to_bioes(tags: Sequence[str]) -> list[str]:
    """Legal BIO tags in BIOES."""
    bioes = []
    for tag, after in zip(tags, [*tags[1:], "O"], strict=True):
        last = tag != "O" and after != f"I-{tag[2:]}"
        bioes.append(("S-" if tag.startswith("B-") else "E-") + tag[2:] if last else tag)
    return bioes


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
        # Files hold few distinct tags and pairs of neighbours: each is looked at once, so that most sentences cost a
        # dictionary look-up a tag.
        self._known = {"O": "O"}
        self._legal: set[tuple[str, str]] = set()

    def read(self, tags: Sequence[str], line: int, step: int = 1) -> tuple[str, ...]:
        """The tags of one sentence as BIO; the first is on ``line`` and each next one ``step`` lines later.

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
        return self._repaired(bio, line, step)

    def _convert(self, tag: str, line: int) -> str:
        parts = split_tag(tag)
        if parts is None:
            raise self._error(f"{short(tag)} is neither O nor B-/I- with a type", line)
        prefix, kind = parts
        if kind in self.reading.drop:
            return "O"
        kind = self.reading.rename.get(kind, kind)
        if self.allowed is not None and kind not in self.allowed:
            raise self._error(f"{short(tag)} is neither O nor B-/I- with a type of the label list", line)
        self.seen.setdefault(kind)
        return f"{prefix}-{kind}"

    def _repaired(self, bio: Sequence[str], line: int, step: int) -> tuple[str, ...]:
        """The tags with every illegal one repaired; each is judged after what the one before has become."""
        repair, tags = self.reading.repair, ["O"]
        for index, tag in enumerate(bio):
            if may_follow(tags[-1], tag):
                self._legal.add((tags[-1], tag))
            elif repair == "refuse":
                message = f"{short(tag)} continues no entity; choose a repair (--repair begin or discard)"
                raise self._error(message, line + step * index)
            elif repair != "keep":
                self.repaired += 1
                tag = f"B-{tag[2:]}" if repair == "begin" else "O"
            tags.append(tag)
        return tuple(tags[1:])

    def _error(self, message: str, line: int) -> InputError:
        return InputError(self.path, message, line, "tag")
