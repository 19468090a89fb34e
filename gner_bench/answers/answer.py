"""What an answer is once it is read, what an answer format is, and what all formats share of asking."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from gner_bench.documents.fields import Json
from gner_bench.errors import UsageError

PieceKind = Literal["space", "word", "label", "dropped", "tail"]
LabelOrder = Literal["file", "shuffled"]
Wrapping = Literal["plain", "inst", "chat"]
"""What is around a prompt: nothing, the ``[INST]`` and ``[/INST]`` of LLaMA, or the chat template of the model."""
Rule = Literal["raw", "mended"]
"""Whether an answer is read as it is, or what is around it is taken off first and what is mendable mended."""


@dataclass(frozen=True, slots=True)
class Span:
    """A mention from ``first`` to before ``end``, counted in words or characters; ``score`` is from 0 to 1 or None."""

    first: int
    end: int
    type: str
    text: str
    score: float | None = None


@dataclass(slots=True)
class Tagged:
    """Words that a system wrote, with a label each: ``O``, ``B-type`` or ``I-type``.

    ``label`` is what ends a word in the text, as far as a pattern says it. ``parted`` is False for labels without B,
    where words of one type belong together if they follow each other both in the sentence and in the text. ``text`` is
    the text with these words and labels where it is not the answer's own. ``notes`` are phrases for people, as often as
    what they tell happened.
    """

    pairs: Sequence[tuple[str, str]]
    label: re.Pattern[str] | None = None
    parted: bool = True
    text: str | None = None
    notes: Sequence[str] = ()


@dataclass(slots=True)
class Mentions:
    """The (text, type) pairs of mentions without places."""

    mentions: Sequence[tuple[str, str]]
    notes: Sequence[str] = ()


@dataclass(slots=True)
class WordSpans:
    """Spans of ``words``."""

    words: tuple[str, ...]
    spans: Sequence[Span]
    notes: Sequence[str] = ()


@dataclass(slots=True)
class CharacterSpans:
    """Spans of ``text``; without one, of the sentence's words joined by spaces, and each span has its own text."""

    text: str | None
    spans: Sequence[Span]
    notes: Sequence[str] = ()


@dataclass(slots=True)
class Tags:
    """A BIO tag for each of ``words``, the sentence's as the system had it; tags need not be legal."""

    words: tuple[str, ...]
    tags: tuple[str, ...]
    notes: Sequence[str] = ()


Answer = Tagged | Mentions | WordSpans | CharacterSpans | Tags


@dataclass(frozen=True, slots=True)
class Definition:
    """What a type means, in a sentence; ``guidelines`` say what counts and what does not, ``examples`` are mentions."""

    text: str
    guidelines: str = ""
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shot:
    """A sentence, with the ``id`` that it has in its data set, that is shown with its right answer: BIO ``tags``."""

    words: tuple[str, ...]
    tags: tuple[str, ...]
    id: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """The entities of ``types`` in ``words``; ``definitions`` are of as many types as have one."""

    words: Sequence[str]
    types: Sequence[str]
    definitions: Mapping[str, Definition] = field(default_factory=dict)
    shots: Sequence[Shot] = ()


Read = Callable[[str, Sequence[str], Sequence[str]], Answer]
Ask = Callable[[Question], list[str]]
Perfect = Callable[[Sequence[str], Sequence[str]], str]


def read_only(question: Question) -> list[str]:
    """The ``ask`` of formats that are read but never asked for."""
    raise UsageError("answers in this format can be read, but nothing asks for them")


@dataclass(frozen=True)
class AnswerFormat:
    """How a system is asked and its answer is read.

    ``title`` is a line for lists of formats. ``version`` is what signatures call the way from the answer to tags; it
    changes when the same answer gives other tags. ``read(text, words, types)`` never raises, whatever the text.
    ``ask(question)`` gives the prompts of a sentence, in which ``uses`` names what else of a question than words and
    types is; ``several`` says that they may be more than one, whose answers are one JSON array of strings then.
    ``wrapping`` is what goes around them, None for that of the checkpoint; ``max_new_tokens`` the limit of its authors
    on an answer, 0 for that of the checkpoint; ``schema(types)`` the JSON schema of answers, for servers that hold a
    model to one. ``perfect(words, tags)`` is what a system without mistakes answers,
    empty where the format does not say it.
    ``rule`` is the one that answers are read under where no other is asked for (see ``front.read_answer``); ``mend``
    reads them under ``mended`` where that is more than taking off what is around them. For a format with an
    argument (``context:L``), ``with_argument`` makes the format of it, or raises UsageError, and ``argument`` says
    what it is.
    """

    name: str
    title: str
    version: str
    read: Read = field(compare=False)
    ask: Ask = field(default=read_only, compare=False)
    perfect: Perfect = field(default=lambda words, tags: "", compare=False)
    several: bool = False
    uses: frozenset[str] = frozenset()
    wrapping: Wrapping | None = None
    max_new_tokens: int = 0
    schema: Callable[[Sequence[str]], Json] | None = field(default=None, compare=False)
    rule: Rule = "mended"
    mend: Read | None = field(default=None, compare=False)
    argument: str = ""
    with_argument: Callable[[str], AnswerFormat] | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an answer; all of them together are its text. ``index`` is that of the written word that a word or
    label belongs to. A dropped label follows no word, the tail is what follows the last label; both are ignored."""

    text: str
    kind: PieceKind
    index: int | None = None


def labels_in(text: str, label: re.Pattern[str]) -> Iterator[re.Match[str]]:
    """What ``label`` matches, one after another, in time that grows with the text alone.

    Labels end in a bracket and cross no line, so that none is behind a line's last one: opening brackets there are not
    each looked after to the end of the line. Where a type of the list holds a line break, so may a label.
    """
    if "\n" in label.pattern:
        yield from label.finditer(text)
        return
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield from label.finditer(text, start, text.rfind(")", start, end) + 1)
        start = end + 1


def pieces(text: str, label: re.Pattern[str]) -> list[Piece]:
    """The parts of a text whose words each end with what ``label`` matches."""
    parts: list[tuple[str, PieceKind, int | None]] = []
    end = index = 0
    for match in labels_in(text, label):
        before, end = text[end : match.start()], match.end()
        named = bool(before.strip())
        parts.append((before, "word", index))
        parts.append((match[0], "label" if named else "dropped", index if named else None))
        index += named
    parts.append((text[end:], "tail", None))
    stripped: list[Piece] = []
    for part, kind, of_word in parts:
        start, inner = len(part) - len(part.lstrip()), part.strip()
        stripped.append(Piece(part[:start], "space"))
        stripped.append(Piece(inner, kind, of_word))
        stripped.append(Piece(part[start + len(inner) :], "space"))
    return [part for part in stripped if part.text]


def wrapped(text: str, wrapping: Wrapping) -> str:
    """A prompt as decoder-only GNER checkpoints were trained on it; a chat template is for the backend to apply."""
    return f"[INST] {text} [/INST]" if wrapping == "inst" else text


def ordered_types(types: Sequence[str], order: LabelOrder, seed: int, key: str) -> list[str]:
    """``types`` as they are in the label file, or shuffled by ``seed`` and the sentence's ``key``. The shuffle depends
    on nothing else: not on the other sentences, their number or their order."""
    if order == "file":
        return list(types)
    digest = hashlib.sha256(f"{seed}\t{key}".encode()).digest()
    shuffled = list(types)
    random.Random(digest).shuffle(shuffled)
    return shuffled
