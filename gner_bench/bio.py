"""BIO: tags and spans of words, how they follow each other, other schemes, and the repair of illegal sequences.

A tag is ``O`` or a prefix and a type, ``B-person``. BIO is IOB2: every entity begins with ``B``. In IOB1 it begins with
``I``, and with ``B`` only directly after another of its type; IO has ``I`` alone, or types without a prefix. BIOES
marks the last word with ``E`` and an only word with ``S``, BILOU with ``L`` and ``U``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from gner_bench.errors import InputError, short

Span = tuple[int, int, str]
"""First word, word after the last, type."""
Repair = Literal["refuse", "begin", "discard", "keep"]
"""For a tag that continues no entity of its type: an error; a new entity; no entity; as it is."""
Scheme = Literal["iob2", "iob1", "io", "bioes", "bilou"]
AnyScheme = Literal["auto", "iob2", "iob1", "io", "bioes", "bilou"]
AS_BIO = {"B": "B", "I": "I", "S": "B", "E": "I"}
"""What each prefix of BIOES is in BIO."""


class _Prefixes(NamedTuple):
    """Those of a scheme that begin an entity, that continue one, and after which it is over."""

    begin: str
    inside: str
    last: str = ""


# M (for middle) is in Chinese data sets what I is in BIOES.
_PREFIXES: dict[Scheme, _Prefixes] = {
    "iob2": _Prefixes("B", "I"),
    "iob1": _Prefixes("B", "I"),
    "io": _Prefixes("", "I"),
    "bioes": _Prefixes("BS", "IME", "ES"),
    "bilou": _Prefixes("BU", "IL", "LU"),
}


def split_tag(tag: str) -> tuple[str, str] | None:
    """The prefix and the type of a BIO tag; ``("O", "")``; None for what is no tag."""
    if tag == "O":
        return "O", ""
    prefix, dash, kind = tag.partition("-")
    return (prefix, kind) if dash and kind and prefix in ("B", "I") else None


def recognised(sentences: Iterable[Sequence[str]]) -> Scheme:
    """The scheme that the tags of a whole file are in, as far as they leave no other; else ``iob2``.

    ``E`` and ``S`` are of BIOES alone, ``L`` and ``U`` of BILOU. Without them it is IOB1 where entities begin with
    ``I`` and every ``B`` directly follows an entity of its own type, and IO where there is no ``B``.
    """
    pairs = neighbours(sentences)
    prefixes = {tag[0] for _, tag in pairs if tag[1:2] == "-"}
    if prefixes & set("ESM"):
        return "bioes"
    if prefixes & set("LU"):
        return "bilou"
    if all(may_follow(before, tag) for before, tag in pairs):
        return "iob2"
    if any(tag.startswith("B-") and before[1:] != tag[1:] for before, tag in pairs):
        return "iob2"
    return "iob1" if "B" in prefixes else "io"


def neighbours(sentences: Iterable[Sequence[str]]) -> set[tuple[str, str]]:
    """Each tag with the one before it (``O`` before the first): few for a file, so that each can be looked at once."""
    pairs: set[tuple[str, str]] = set()
    for tags in sentences:
        pairs.update(zip(("O", *tags), tags, strict=False))
    return pairs


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
    """The (start, end, type) spans of valid BIO: ``B-`` and the ``I-`` of the same type that follow it. Any other
    ``I-`` belongs to no span, as in seqeval with ``mode="strict"`` and ``scheme=IOB2``."""
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
    """The (start, end, type) spans of any sequence of tags, as conlleval and seqeval's default mode read them. An
    ``I-`` that continues nothing, or an entity of another type, begins an entity."""
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


def from_end(tags: Sequence[str]) -> list[str]:
    """Tags of IOE, whose ``E`` ends an entity, from the last word to the first: IOE1 is IOB1 so, and IOE2 IOB2."""
    return ["B" + tag[1:] if tag.startswith("E-") else tag for tag in reversed(tags)]


def _is_bare(tag: str) -> bool:
    """Whether a tag may be a type without a prefix, as Few-NERD has them, and not one of another form or scheme."""
    return bool(tag.strip()) and not re.match(r"[A-Za-z]?[-_:./]|.*[-_:./][BIESLUM]$", tag)


@dataclass(frozen=True)
class Reading:
    """How a source is read: types ``rename``d, entities of types in ``drop`` made O, illegal sequences ``repair``ed.

    ``scheme`` is that of the tags. ``columns`` are numbers, from 1, of the columns that hold ``word``, ``tag`` and
    ``gold`` (the gold beside predicted tags), where they are not to be found. ``keys`` are names of keys of JSON
    objects by the names that are expected; ``tag_names`` are the tags that numbers stand for.
    """

    repair: Repair = "refuse"
    rename: Mapping[str, str] = field(default_factory=dict)
    drop: frozenset[str] = frozenset()
    scheme: AnyScheme = "auto"
    columns: Mapping[str, int] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    tag_names: tuple[str, ...] = ()


class TagReader:
    """Turns the tags of one file into BIO. ``types`` are the types allowed after renaming, None for any.

    ``scheme`` is that of the reading or what ``recognise`` has found; without that, BIOES and BILOU are told by a
    sentence alone. ``repaired`` counts the tags that a repair was needed for; ``seen`` holds the types met, in order of
    appearance.
    """

    def __init__(self, path: Path, types: Sequence[str] | None, reading: Reading, field: str = "tag") -> None:
        self.path, self.reading, self.field, self.repaired = path, reading, field, 0
        self.scheme: Scheme = "iob2" if reading.scheme == "auto" else reading.scheme
        self.allowed = None if types is None else frozenset(types)
        self.seen: dict[str, None] = {}
        self._all_seen, self._noted = reading.scheme != "auto", 0
        # Files hold few distinct tags and pairs of neighbours: each is looked at once, so that most sentences cost a
        # dictionary look-up a tag.
        self._known = {"O": "O"}
        self._legal: set[tuple[str, str]] = set()

    def recognise(self, sentences: Iterable[Sequence[str]], predicted: bool = False) -> None:
        """Where the scheme is to be recognised, do so from the tags of the whole file, which come before ``read``.

        A repair says how an ``I-`` that begins an entity is to be read in gold, which leaves IOB1 and IO to the user.
        """
        if self.reading.scheme == "auto":
            scheme, self._all_seen = recognised(sentences), True
            repaired = not predicted and self.reading.repair != "refuse" and scheme in ("iob1", "io")
            self.scheme = "iob2" if repaired else scheme

    def remark(self, what: str = "tags") -> str:
        """What people should know of a scheme that was recognised, empty for IOB2."""
        if self.reading.scheme != "auto" or self.scheme == "iob2":
            return ""
        return f"{what} read as {self.scheme.upper()} (--scheme says another)"

    def notes(self, what: str) -> list[str]:
        """Phrases for a sentence: how its tags were read, and one for each tag repaired since they were last asked."""
        times, self._noted = self.repaired - self._noted, self.repaired
        remark = self.remark(what)
        how = [f"sentences with {remark}"] if remark else []
        return how + [f"illegal {what} repaired ({self.reading.repair})"] * times

    @property
    def name(self) -> str:
        """What signatures call a reading of predicted tags that could have been another; empty for the usual ones."""
        scheme, repair = self.scheme, self.reading.repair
        if scheme == "iob2" or (repair == "refuse" and scheme in ("bioes", "bilou")):
            return ""
        return scheme if repair == "refuse" else f"{scheme}+{repair}"

    def read(self, tags: Sequence[str], line: int, step: int = 1) -> tuple[str, ...]:
        """The tags of one sentence as BIO; the first is on ``line`` and each next one ``step`` lines later. Raises
        InputError for a tag of no known form or type and, unless a repair is chosen, for an illegal one."""
        if not self._all_seen and (scheme := recognised([tags])) in ("bioes", "bilou"):
            self.scheme = scheme
        if self.scheme != "iob2":
            tags = self.as_bio(tags, line, step)
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
            raise self._no_tag(tag, line)
        prefix, kind = parts
        if kind in self.reading.drop:
            return "O"
        kind = self.reading.rename.get(kind, kind)
        if self.allowed is not None and kind not in self.allowed:
            message = f"{short(tag)} is neither O nor B-/I- with a type of the label list"
            raise InputError(self.path, message, line, self.field)
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
                raise InputError(self.path, message, line + step * index, self.field)
            elif repair != "keep":
                self.repaired += 1
                tag = f"B-{tag[2:]}" if repair == "begin" else "O"
            tags.append(tag)
        return tuple(tags[1:])

    def as_bio(self, tags: Sequence[str], line: int, step: int = 1) -> tuple[str, ...]:
        """The tags of a sentence in the scheme as BIO, their types as they are; IOB2 stays, legal or not.

        Places are as in ``read``. Raises InputError for what is no tag of the scheme and, unless a repair is chosen,
        for an illegal one. ``keep`` joins nothing that the scheme parts.
        """
        scheme = self.scheme
        begin, inside, last = _PREFIXES[scheme]
        bio: list[str] = []
        first, opened = 0, ""  # where the newest entity begins, and its type while it may go on
        for index, tag in enumerate((*tags, "O")):
            prefix, kind = self._split(tag, line + step * index)
            goes_on = prefix in inside and kind == opened
            if scheme == "iob2":
                bio.append(tag)
                continue
            if last and opened and not goes_on:
                if self.reading.repair == "refuse" and prefix not in inside:
                    what = f"is in an entity that no {'E' if scheme == 'bioes' else 'L'}- ends"
                    raise self._illegal(tags[index - 1], what, line + step * (index - 1))
                # All of the entity is at fault where it is discarded, else the word that should have ended it.
                count = len(bio) - first if self.reading.repair == "discard" else 1
                if self.reading.repair == "discard":
                    bio[first:] = ["O"] * count
                self.repaired += count if self.reading.repair in ("discard", "begin") else 0
            if prefix == "O" or goes_on:
                bio.append("O" if prefix == "O" else f"I-{kind}")
            elif (prefix in begin and scheme != "iob1") or (prefix in inside and not last) or kind == opened:
                bio.append(f"B-{kind}")
            else:
                what = "follows" if prefix in begin else "continues"
                bio.append(self._orphan(bio, tag, kind, what, line + step * index))
            if not goes_on:
                first = index
            opened = "" if bio[-1] == "O" or prefix in last else kind
        return tuple(bio[:-1])

    def _orphan(self, bio: list[str], tag: str, kind: str, what: str, line: int) -> str:
        """What a tag becomes that ``continues`` or (``B`` in IOB1) ``follows`` no entity of its type."""
        repair = self.reading.repair
        if repair == "refuse":
            raise self._illegal(tag, f"{what} no entity of its type", line)
        self.repaired += repair != "keep"
        if repair == "discard":
            return "O"
        # An I- would join what the scheme parts.
        joins = bool(bio) and bio[-1][2:] == kind
        return f"I-{kind}" if repair == "keep" and what == "continues" and not joins else f"B-{kind}"

    def _split(self, tag: str, line: int) -> tuple[str, str]:
        if tag == "O":
            return "O", ""
        prefix, dash, kind = tag.partition("-")
        begin, inside, _ = _PREFIXES[self.scheme]
        if dash and kind and len(prefix) == 1 and prefix in begin + inside:
            return prefix, kind
        if self.scheme == "io" and _is_bare(tag):
            return "I", tag
        raise self._no_tag(tag, line)

    def _no_tag(self, tag: str, line: int) -> InputError:
        begin, inside, _ = _PREFIXES[self.scheme]
        wanted = "/".join(f"{prefix}-" for prefix in (begin + inside).replace("M", ""))
        hint = "; --scheme io reads types alone" if self.scheme == "iob2" and _is_bare(tag) else ""
        message = f"{short(tag)} is neither O nor {wanted} with a type{hint}"
        return InputError(self.path, message, line, self.field)

    def _illegal(self, tag: str, what: str, line: int) -> InputError:
        message = f"{short(tag)} {what} in {self.scheme.upper()}; choose a repair (--repair begin or discard)"
        return InputError(self.path, message, line, self.field)
