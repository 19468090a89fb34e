"""GNER's tagged copy: every word of the sentence with its BIO tag (Ding et al. 2024), and the targets of its ablation.

All targets are written word by word, ``word(label)``, and differ in nothing but the words and labels that they hold:

- ``entities``: the words of mentions, each with its type;
- ``context:L``: these and up to L words outside mentions on each side of one, as ``O``;
- ``full``: every word, with its type or ``O``;
- ``gner`` (``full+bio``): every word with its BIO tag;
- ``full+bioes``: every word with its BIOES tag.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache, partial
from operator import ne
from typing import Literal, get_args

from gner_bench.answers import answer_format
from gner_bench.answers.answer import AnswerFormat, Question, Tagged, Wrapping, labels_in, wrapped
from gner_bench.answers.forms import read_forms
from gner_bench.answers.types import ALIKE, known_as
from gner_bench.bio import AS_BIO, to_bioes
from gner_bench.documents.record import FULL_BIO
from gner_bench.documents.record import GNER as NAME
from gner_bench.errors import UsageError, short

MATCHING_VERSION = "hierarchical-1"
"""What signatures call hierarchical matching (see structure.matching), through which all of these answers go."""
INSTRUCTION = """\
Please analyze the sentence provided, identifying the type of entity for each word on a token-by-token basis.
Output format is: word_1(label_1), word_2(label_2), ...
We'll use the BIO-format to label the entities, where:
1. B- (Begin) indicates the start of a named entity.
2. I- (Inside) is used for words within a named entity but are not the first word.
3. O (Outside) denotes words that are not part of a named entity.
"""
TYPES_JOINT = "\nUse the specific entity tags: "
SENTENCE_JOINT = " and O.\nSentence: "

Scheme = Literal["plain", "bio", "bioes"]
LabelFault = Literal["unread", "unclosed", "empty_type", "without_word"]
LABEL_FAULTS: tuple[LabelFault, ...] = get_args(LabelFault)
# A label ends at the first closing bracket and does not cross a line.
LABEL = re.compile(r"\((O|[BI]-[^)\n]*)\)")
COMMAS = "answers as word(label), word(label), which GNER's prompt literally asks for, read without the commas"
MANY = 1000
"""Brackets of a text that is split in the slower way, whose time grows with its length alone."""
# Before and behind the types, and what holds them where the list has none that does not fit in it.
_LABELS: dict[Scheme, tuple[str, str]] = {
    "plain": (r"\(({})\)", r"[^()\n]+"),
    "bio": (r"\((O|[BI]-(?:{}))\)", r"[^)\n]*"),
    "bioes": (r"\((O|[BIES]-(?:{}))\)", r"[^)\n]*"),
}
# What else reads as a label: another case, letter (BIOES, BILOU) or dash, or the name of a type alone.
_BRACKETS = re.compile(r"\(([^()\n]*)\)")
_LIKE_LABEL = re.compile(r"[Oo]|[BIESLUbi]\s?[-_:–]\s?\S.*")
_UNCLOSED = re.compile(r"\([BI]-[^()\n]*\n")
_CUT_OFF = re.compile(r"\((?:O|[BI](?:-[^()\n]*)?)\Z")


def prompt(words: Sequence[str], types: Sequence[str], wrapping: Wrapping = "plain") -> str:
    """The text that asks a GNER checkpoint to tag ``words`` with ``types`` (section 3 and appendix of the paper)."""
    return wrapped(f"{INSTRUCTION}{TYPES_JOINT}{', '.join(types)}{SENTENCE_JOINT}{' '.join(words)}", wrapping)


def ask(question: Question) -> list[str]:
    """One prompt for all types, the same for all targets."""
    return [prompt(question.words, question.types)]


def tagged_text(words: Sequence[str], tags: Sequence[str]) -> str:
    """The text that a perfect GNER checkpoint writes: ``word(tag) word(tag) …``."""
    return " ".join(f"{word}({tag})" for word, tag in zip(words, tags, strict=True))


def parse_generation(text: str, label: re.Pattern[str] = LABEL) -> list[tuple[str, str]]:
    """The (word, label) pairs that ``text`` holds, in order.

    A word is the stripped text between one label and the next; a label after an empty word is dropped. Labels are
    ``O``, ``B-…`` or ``I-…`` (or what else ``label`` has as its group) as generated (stripped), not yet checked against
    a type list. Text after the last label is ignored.
    """
    if text.count("(") < MANY:
        parts = label.split(text)
    else:
        parts, end = [], 0
        for match in labels_in(text, label):
            parts += [text[end : match.start()], match[1]]
            end = match.end()
        parts.append(text[end:])
    words = list(map(str.strip, parts[:-1:2]))
    pairs = list(zip(words, map(str.strip, parts[1::2]), strict=True))
    return [pair for pair in pairs if pair[0]] if "" in words else pairs


def label_faults(
    text: str, pairs: Sequence[tuple[str, str]], types: Collection[str], label: re.Pattern[str] = LABEL
) -> Counter[LabelFault]:
    """How many labels of ``text`` are malformed; ``pairs`` are what was read of it, by ``label``.

    ``unread``: brackets in a word or after the last label that hold what looks like a label (lower case, a letter of
    BIOES or BILOU, ``_`` or ``:`` for the dash, or one of ``types`` alone) and are none to the parser. ``unclosed``: a
    label in which another bracket opens, or whose line or text ends, before it closes. ``empty_type``: ``B-`` and
    ``I-`` alone. ``without_word``: a label after an empty word, which is dropped.
    """
    faults: Counter[LabelFault] = Counter()
    for _, written in pairs:
        if "(" in written and written[2:] not in types:
            faults["unclosed"] += 1
        elif len(written) == 2:
            faults["empty_type"] += 1
    # A text whose every opening bracket begins the label of a pair holds no others.
    if text.count("(") == len(pairs):
        return faults
    known = {kind.lower() for kind in types}
    labels = list(labels_in(text, label))
    rest = text[labels[-1].end() :] if labels else text
    for part in [word for word, _ in pairs if "(" in word] + [rest]:
        for brackets in _BRACKETS.finditer(part):
            inner = brackets[1].strip()
            faults["unread"] += inner.lower() in known or _LIKE_LABEL.fullmatch(inner) is not None
        faults["unclosed"] += len(_UNCLOSED.findall(part))
    faults["unclosed"] += bool(_CUT_OFF.search(rest.rstrip()))
    faults["without_word"] += len(labels) - len(pairs)
    return faults


@dataclass(frozen=True)
class Target(AnswerFormat):
    """What a checkpoint is trained to write. ``scheme`` is that of the labels; ``context`` the words kept on each side
    of a mention, None for all. ``str`` gives the name that recipes and training.json have for it."""

    scheme: Scheme = "bio"
    context: int | None = None

    def __str__(self) -> str:
        return FULL_BIO if self.name == NAME else self.name


def _target(name: str, title: str, scheme: Scheme, context: int | None = None) -> Target:
    version = MATCHING_VERSION if name == NAME else f"{MATCHING_VERSION}/{name}"
    read, mend, perfect = partial(_read, scheme), partial(_mend, scheme), partial(_perfect, scheme, context)
    return Target(name, title, version, read, ask, perfect, rule="raw", mend=mend, scheme=scheme, context=context)


@lru_cache(maxsize=1024)
def label_pattern(scheme: Scheme, types: frozenset[str]) -> re.Pattern[str]:
    """What ends a word. Types of the list that hold a bracket or a line break, which end a label, are tried first."""
    frame, held = _LABELS[scheme]
    others = sorted((kind for kind in types if not re.fullmatch(held, kind)), key=lambda kind: (-len(kind), kind))
    if not any(others):
        return LABEL if scheme == "bio" else re.compile(frame.format(held))
    return re.compile(frame.format("|".join([*map(re.escape, filter(None, others)), held])))


def _read(scheme: Scheme, text: str, words: Sequence[str], types: Sequence[str]) -> Tagged:
    """Labels as BIO; for a plain scheme, ``O`` and ``I-type``."""
    label = label_pattern(scheme, frozenset(types))
    pairs = parse_generation(text, label)
    notes = []
    # The prompt literally asks for ``word(label), word(label)``. It is this form where each word but the first is
    # behind a comma, and none is a word of the sentence with it, so that no label but the first would have a place.
    later = [word for word, _ in pairs[1:]]
    if later and all(word[0] == "," for word in later):
        own = {word.lower() for word in words}
        if own.isdisjoint(word.lower() for word in later):
            rest = ((written[1:].strip(), kind) for written, kind in pairs[1:])
            pairs, notes = [pairs[0], *(pair for pair in rest if pair[0])], [COMMAS]
    if scheme == "plain":
        return Tagged([(word, kind if kind == "O" else f"I-{kind}") for word, kind in pairs], label, False, notes=notes)
    if scheme == "bioes":
        pairs = [(word, tag if tag == "O" else AS_BIO[tag[0]] + tag[1:]) for word, tag in pairs]
    return Tagged(pairs, label, notes=notes)


def _mend(scheme: Scheme, text: str, words: Sequence[str], types: Sequence[str]) -> Tagged:
    """Words and labels in whatever form, as ``_read`` gives them of GNER's."""
    read = _read(scheme, text, words, types)
    pairs, notes = read_forms(text, list(read.pairs), words, types)
    if notes:
        text = tagged_text([word for word, _ in pairs], [label for _, label in pairs])
    name = known_as(tuple(types))
    named = [(word, label if label == "O" else label[:2] + name(label[2:])) for word, label in pairs]
    if scheme == "plain":
        named = [(word, label if label == "O" else f"I-{label[2:]}") for word, label in named]
    alike = [ALIKE] * sum(map(ne, pairs, named)) if scheme != "plain" else []
    label = LABEL if notes else read.label
    return replace(read, pairs=named, label=label, text=text, notes=[*(notes or read.notes), *alike])


def _perfect(scheme: Scheme, context: int | None, words: Sequence[str], tags: Sequence[str]) -> str:
    labels: Sequence[str] = tags
    if scheme == "plain":
        labels = [tag if tag == "O" else tag[2:] for tag in tags]
    elif scheme == "bioes":
        labels = to_bioes(tags)
    if context is None:
        return tagged_text(words, labels)
    near: set[int] = set()
    for index, tag in enumerate(tags):
        if tag != "O":
            near.update(range(max(0, index - context), min(len(tags), index + context + 1)))
    return " ".join(f"{words[index]}({labels[index]})" for index in sorted(near))


GNER = _target(NAME, "GNER's tagged copy: every word with its BIO tag", "bio")
ENTITIES = _target("entities", "the words of mentions, each with its type", "plain", 0)
FULL = _target("full", "every word with its type or O", "plain")
FULL_BIOES = _target("full+bioes", "every word with its BIOES tag", "bioes")


@cache
def context_target(argument: str) -> Target:
    """The target ``context:L``. Raises UsageError for another argument than L from 1."""
    if not re.fullmatch(r"[1-9][0-9]{0,3}", argument, re.ASCII):
        raise UsageError(f"{short(f'context:{argument}')}: expected context:L with L from 1")
    title = f"the words of mentions and {argument} on each side"
    return _target(f"context:{argument}", title, "plain", int(argument))


CONTEXT = AnswerFormat(
    "context",
    "context:L is the words of mentions, each with its type, and up to L words on each side",
    f"{MATCHING_VERSION}/context",
    partial(_read, "plain"),
    argument="L with L from 1",
    with_argument=context_target,
)


def parse_target(name: str) -> Target:
    """The target of that name. Raises UsageError for what is no target, such as another answer format."""
    try:
        target = answer_format(name)
    except UsageError:
        target = CONTEXT
    if not isinstance(target, Target):
        names = ", ".join(map(str, (ENTITIES, FULL, GNER, FULL_BIOES)))
        raise UsageError(f"{short(name)}: expected {names} or context:L with L from 1")
    return target
