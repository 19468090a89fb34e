"""Mentions as ``type: text; type: text``, as InstructUIE and other instruction-tuned systems answer.

Other models write the like as bullets, tables, under headings, with quotes, or the other way round (``text (type)``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache

from gner_bench.answers.answer import AnswerFormat, Mentions
from gner_bench.answers.lenient_json import ASIDE, EMPTY, NOTHING, UNREADABLE, DeepError, Reader, texts_in, unescaped
from gner_bench.answers.types import alternatives, plain
from gner_bench.bio import lenient_spans

NO_PAIR = "parts of answers without a type and a colon, left out"
FORM = "answers as bullets, tables or the like, read as type: text"
Pairs = list[tuple[str, str]]

_BULLET = re.compile(r"\s*(?:[-*•+–]|\d+[.)])\s+")
_MARKS = "*_`\"'“”‘’#[]() \t"
_NO_NAME = frozenset('{}[]()<>"|')
"""What is in no name of a type."""
_BETWEEN = r"(?::|=|->|=>|→|\s[-–—]\s)"
_TYPE = r"(?:type|label|category|class|entity[ _]type)"
_TEXT = r"(?:text|mention|entity|name|span|value)"


@lru_cache(maxsize=256)
def _patterns(types: tuple[str, ...]) -> dict[str, re.Pattern[str]]:
    """Where parts begin, and the forms of a part. In all a type is one of ``types``, whatever its case."""
    known = alternatives(types)
    marks, quotes = r"[*_`\"'\[\]#\s]*", r"[`\"'“”]?"
    forms = {
        "begins": rf"[;,|\n]\s*(?=(?:{known})\s*:)",
        "plain": rf"\s*({known})\s*:(.*)",
        "first": rf"{marks}({known}){marks}{_BETWEEN}[*_`]*(.*)",
        "bracketed": rf"\s*\[({known})\]\s*:?\s*(.+)",
        "last": rf"(.*?)\s*(?:{_BETWEEN}|\(|\bis an?\b){marks}(?:{_TYPE}\s*[:=])?{marks}({known}){marks}\)?\.?\s*",
        "cells": rf"(.+?)\s*[,\t]\s*({known})\s*",
        "turned cells": rf"\s*({known})\s*[,\t]\s*(.+)",
        "keyed": rf"\b{_TEXT}\b{marks}[:=]\s*(.+?)\s*[,;|\n][-\s\"'*`]*\b{_TYPE}\b{marks}[:=]{marks}({known})\b",
        "pairs": rf"[(\[]\s*{quotes}([^()\[\]\n]+?){quotes}\s*,\s*{quotes}({known}){quotes}\s*[)\]]",
        "turned": rf"[(\[]\s*{quotes}({known}){quotes}\s*,\s*{quotes}([^()\[\]\n]+?){quotes}\s*[)\]]",
    }
    return {name: re.compile(pattern, re.IGNORECASE | re.DOTALL) for name, pattern in forms.items()}


def read(text: str, words: Sequence[str], types: Sequence[str]) -> Mentions:
    """The mentions of a list. The ``types`` of the sentence are looked for first: a mention may hold ``;`` and ``:``. A
    text that is not in the sentence, though its parts between commas are, is several mentions."""
    if not text.strip():
        return Mentions([], [EMPTY])
    reader = _Reader(words, types)
    text = reader.without_keyed(text)
    for part in reader.patterns["begins"].split(text):
        # A part may hold ``;`` where all of it is in the sentence.
        whole = part.partition(":")[2].strip("; ")
        for inner in [part] if whole and reader.has(whole) else re.split(r"[;\n]", part):
            reader.add(inner)
    pairs, strays = list(dict.fromkeys(reader.pairs)), reader.strays
    if not pairs and strays:
        return Mentions([], [UNREADABLE])
    return Mentions(pairs, [NO_PAIR] * strays + ([FORM] if reader.formed and pairs else []))


class _Reader:
    """Reads the parts of one answer into ``pairs`` of text and type. ``strays`` counts those without, ``formed`` says
    that some were in another form than ``type: text``."""

    def __init__(self, words: Sequence[str], types: Sequence[str]) -> None:
        self.words = [word.lower() for word in words]
        self.sentence, self.patterns = " ".join(self.words), _patterns(tuple(types))
        self.known = {plain(kind) for kind in types}
        self.pairs: Pairs = []
        self.heading, self.strays, self.formed = "", 0, False

    def has(self, text: str) -> bool:
        """Whether a text is in the sentence."""
        return text.lower() in self.sentence

    def _is_nothing(self, text: str) -> bool:
        """Whether a text says that there is no entity and is none."""
        own = text.lower() in self.words if re.search(r"\w", text) else self.has(text)
        return not own and NOTHING.fullmatch(text) is not None

    def without_keyed(self, text: str) -> str:
        """``text`` without ``text: …, type: …``, which are read, where no type is called so."""
        if {"text", "mention", "entity", "name", "span", "value", "type", "label", "category"} & self.known:
            return text
        keyed = self.patterns["keyed"]
        found = [(self._bare(match[1]), match[2]) for match in keyed.finditer(text)]
        self.pairs += [(mention, kind) for mention, kind in found if mention]
        self.formed |= bool(found)
        return re.sub(r"(?m)^[-*\s\d.)|,;]+$", "", keyed.sub("\n", text)) if found else text

    def add(self, part: str) -> None:
        """Read a part."""
        if not part.strip() or self._is_nothing(part.strip()):
            return
        if listed := self.patterns["plain"].fullmatch(part):
            self._add(listed[1], listed[2])
        elif any(read(part) for read in (self._row, self._tuples, self._marked, self._under_heading, self._cells)):
            self.formed = True
        else:
            kind, colon, mention = part.partition(":")
            if self.patterns["plain"].fullmatch(mention):  # behind words that are no type
                self.formed = True
                self.add(mention)
            elif not colon or set(kind) & _NO_NAME:
                self.strays += 1
            elif plain(kind.strip(_MARKS)) not in ASIDE:  # a type that the sentence does not have
                self._add(kind, mention)

    def _add(self, kind: str, written: str) -> None:
        """The mentions of a type, which may be several, or begin on the lines below."""
        mention = written.strip("; \n")
        if not mention and plain(kind) in self.known:
            self.heading = kind.strip()
        if mention and not self._is_nothing(mention):
            self.pairs += [(text, kind.strip()) for text in self._mentions(mention)]

    def _mentions(self, mention: str) -> list[str]:
        if self.has(mention):
            return [mention]
        cells = [self._bare(cell) for cell in mention.split(",")]
        if all(cell and self.has(cell) for cell in cells):
            return cells
        if mention[0] in "[(" and mention[-1] in "])":
            with suppress(DeepError):
                return texts_in(Reader(mention, 0).value(), [])
        return [self._bare(mention)]

    def _bare(self, text: str) -> str:
        """A text without marks around it, where it is then in the sentence; else as it is."""
        ways = (text.strip(), text.strip(_MARKS), text.strip(_MARKS + ".,"), unescaped(text.strip(_MARKS)))
        return next((way for way in ways if way and self.has(way)), text.strip())

    def _row(self, part: str) -> bool:
        """A row of a table, in which a cell is a type; rows of heads and rules are passed over."""
        if part.strip()[:1] != "|" or part.count("|") < 3:
            return False
        cells = [cell.strip(_MARKS) for cell in part.strip().strip("|").split("|")]
        kind = next((cell for cell in cells if plain(cell) in self.known), "")
        texts = [cell for cell in cells if cell and cell != kind and not set(cell) <= set("-: ")]
        texts = [cell for cell in texts if self.has(cell)] or texts
        if kind and texts:
            self._add(kind, texts[0])
        return True

    def _tuples(self, part: str) -> bool:
        found: Pairs = [(match[1], match[2]) for match in self.patterns["pairs"].finditer(part)]
        if not any(self.has(text) for text, _ in found):
            found = [(match[2], match[1]) for match in self.patterns["turned"].finditer(part)]
        self.pairs += [(self._bare(text), kind) for text, kind in found]
        return bool(found)

    def _marked(self, part: str) -> bool:
        """A type first or last, with a bullet or marks around it."""
        bare = _BULLET.sub("", part, count=1) if _BULLET.match(part) else part
        if first := self.patterns["first"].fullmatch(bare) or self.patterns["bracketed"].fullmatch(bare):
            self._add(first[1], first[2])
            return True
        last = self.patterns["last"].fullmatch(bare)
        if last and self.has(text := self._bare(last[1])) and text:
            self.pairs.append((text, last[2]))
            return True
        return False

    def _cells(self, part: str) -> bool:
        """A type and a text of the sentence with a comma or tab between them."""
        found: list[tuple[str, str]] = []
        if last := self.patterns["cells"].fullmatch(part):
            found.append((self._bare(last[1]), last[2]))
        if first := self.patterns["turned cells"].fullmatch(part):
            found.append((self._bare(first[2]), first[1]))
        pair = next(((text, kind) for text, kind in found if text and self.has(text)), None)
        self.pairs += [pair] if pair else []
        return pair is not None

    def _under_heading(self, part: str) -> bool:
        """A type alone on its line, or a bullet with a text below one."""
        if plain(part.strip(_MARKS + ":")) in self.known:
            self.heading = part.strip(_MARKS + ":")
            return True
        if self.heading and _BULLET.match(part):
            self._add(self.heading, _BULLET.sub("", part, count=1))
            return True
        return False


def write(words: Sequence[str], tags: Sequence[str]) -> str:
    """The mentions of ``tags``."""
    return "; ".join(f"{kind}: {' '.join(words[first:end])}" for first, end, kind in lenient_spans(tags)) or "None"


LIST = AnswerFormat("list", "mentions as type: text; type: text", "import-list-1", read, perfect=write)
